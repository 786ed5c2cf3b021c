import { Chooser } from '../../src/hub/chooser.ts';
import type { DialectName, HubProfile } from '../../src/index.ts';

/** What chooses one version, whatever the hub says. */
export const chooserOf = (dialect: DialectName = 'stu3', profiles: readonly HubProfile[] = []): Chooser =>
  new Chooser({ dialect, channel: undefined, profiles, launched: undefined, hasCallback: false });
