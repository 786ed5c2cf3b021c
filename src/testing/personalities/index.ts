import type { HubTraits } from '../traits.ts';
import { ballot } from './ballot.ts';
import { bareEndpoint } from './bare-endpoint.ts';
import { draft } from './draft.ts';
import { medplumStu2, medplumStu3 } from './medplum.ts';
import { okOnly } from './ok-only.ts';
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
  'medplum-stu2': medplumStu2,
  'medplum-stu3': medplumStu3,
  radiology,
  'ok-only': okOnly,
  'silent-confirmation': silentConfirmation,
  'bare-endpoint': bareEndpoint,
} satisfies Record<string, HubTraits>;

/** Which hub a test hub is. Versions are strict and complete as the specification of that version says: */
export type HubPersonality = keyof typeof personalities;

/** Every personality of a test hub. */
export const HUB_PERSONALITIES = Object.keys(personalities) as readonly HubPersonality[];

/** What a hub of this personality does; without one, the hub that speaks two versions at once. */
export function traitsOf(personality: HubPersonality | undefined): HubTraits {
  return personality === undefined ? standard : personalities[personality];
}
