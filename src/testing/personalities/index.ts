import type { HubTraits } from '../ground/traits.ts';
import { ballot } from './ballot.ts';
import { bareEndpoint } from './bare-endpoint.ts';
import { castHub } from './cast-hub.ts';
import { draft } from './draft.ts';
import { ira } from './ira.ts';
import { java2019 } from './java-2019.ts';
import { jsSandbox2018, jsSandbox2024 } from './js-sandbox.ts';
import { medplum2025, medplum2026, medplumAugust2026, medplumR4, medplumStu2, medplumStu3, radAi } from './medplum.ts';
import { netPrototype } from './net-prototype.ts';
import { netSandbox2019 } from './net-sandbox.ts';
import { okOnly } from './ok-only.ts';
import { powercast } from './powercast.ts';
import { radiology } from './radiology.ts';
import { silentConfirmation } from './silent-confirmation.ts';
import { standard } from './standard.ts';
import { stu1 } from './stu1.ts';
import { stu1Websocket } from './stu1-websocket.ts';
import { stu2 } from './stu2.ts';
import { stu3 } from './stu3.ts';

const personalities = {
  draft,
  ballot,
  stu1,
  'stu1-websocket': stu1Websocket,
  stu2,
  stu3,
  'js-sandbox-2018': jsSandbox2018,
  'js-sandbox-2024': jsSandbox2024,
  'net-sandbox-2019': netSandbox2019,
  'java-2019': java2019,
  'medplum-stu2': medplumStu2,
  'medplum-stu3': medplumStu3,
  'medplum-2025': medplum2025,
  'medplum-2026': medplum2026,
  'medplum-2026-08': medplumAugust2026,
  'medplum-r4': medplumR4,
  'rad-ai': radAi,
  ira,
  powercast,
  'cast-hub': castHub,
  'net-prototype': netPrototype,
  radiology,
  'ok-only': okOnly,
  'silent-confirmation': silentConfirmation,
  'bare-endpoint': bareEndpoint,
} satisfies Record<string, HubTraits>;

/**
 * Which hub a test hub is.
 *
 * The versions, strict and complete as the specification of each says: `draft` (January 2019), `ballot` (May 2019), `stu1`,
 * `stu1-websocket` (the February 2020 ballot), `stu2`, `stu3`.
 *
 * Hubs of the field, with all of their quirks: `js-sandbox-2018` and `js-sandbox-2024` (the community's JavaScript sandbox),
 * `net-sandbox-2019` (its .NET sandbox), `java-2019`, `medplum-stu2` and `medplum-stu3`, Medplum's STU3 endpoint by age:
 * `medplum-2025` (before 5.1.29), `medplum-2026` (mid 2026), `medplum-2026-08`; `medplum-r4` (a proof of concept),
 * `rad-ai` (Medplum's of 2026-08, where reports are opened by their study alone), `ira` (IHE's profile Integrated Reporting Applications), `powercast`,
 * `cast-hub`, `net-prototype` (wants its first frame answered), `radiology` (silent until the
 * endpoint has come back), `ok-only` (every answer but 200 is a refusal), `silent-confirmation` (never confirms), and
 * `bare-endpoint` (answers with the URL of the websocket and nothing else).
 */
export type HubPersonality = keyof typeof personalities;

/** Every personality of a test hub. */
export const HUB_PERSONALITIES = Object.keys(personalities) as readonly HubPersonality[];

/** What a hub of this personality does; without one, the hub that speaks two versions at once. */
export function traitsOf(personality: HubPersonality | undefined): HubTraits {
  return personality === undefined ? standard : personalities[personality];
}
