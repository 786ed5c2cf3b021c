import type { HubTraits } from '../ground/traits.ts';
import { stu1 } from './stu1.ts';

/**
 * STU2: websockets, and webhooks whose end is not verified. The text has no current context; hubs answer with a bare array.
 */
export const stu2: HubTraits = {
  ...stu1,
  channelType: 'required',
  channels: ['webhook', 'websocket'],
  secret: 'optional',
  eventsOfUnsubscription: 'refused',
  verifiesUnsubscription: 'never',
  syncErrorIds: 'own',
  contextForm: 'array',
  discovery: 'STU2',
};
