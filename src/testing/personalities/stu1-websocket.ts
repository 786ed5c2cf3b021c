import type { HubTraits } from '../ground/traits.ts';
import { stu1 } from './stu1.ts';

/** The February 2020 ballot: STU1, and websockets whose URL comes back in a header. */
export const stu1Websocket: HubTraits = {
  ...stu1,
  channelType: 'required',
  channels: ['webhook', 'websocket'],
  webhookFieldsOfWebsockets: 'refused',
  endpointIn: 'content-location',
};
