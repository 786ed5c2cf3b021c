import type { HubTraits } from '../ground/traits.ts';
import { stu2 } from './stu2.ts';

/** A vendor's .NET prototype: it answers with the bare URL, and delivers nothing before its first frame has been answered. */
export const netPrototype: HubTraits = {
  ...stu2,
  channels: ['websocket'],
  endpointIn: 'body',
  confirmation: 'handshake',
};
