import type { HubTraits } from '../ground/traits.ts';
import { stu2 } from './stu2.ts';

/** A Java hub: STU2 by websocket, to which every answer but 200 is a refusal that everybody is told of. */
export const okOnly: HubTraits = { ...stu2, channels: ['websocket'], followedBy: '200', syncErrors: 'everybody' };
