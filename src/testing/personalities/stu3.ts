import { CATALOGUE_NAMES } from '../../events/names.ts';
import type { HubTraits } from '../ground/traits.ts';
import { standard } from './standard.ts';

/** STU3: websockets alone. */
export const stu3: HubTraits = {
  ...standard,
  draftPath: standard.path,
  channelType: 'required',
  channels: ['websocket'],
  vocabulary: CATALOGUE_NAMES.map((name) => [name, name, name.toLowerCase()]),
  contextVersions: 'always',
  publishAt: ['hub'],
  contextForm: 'object',
};
