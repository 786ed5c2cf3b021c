import type { HubTraits } from '../ground/traits.ts';
import { stu2 } from './stu2.ts';

/** A hub whose answer to a request for a websocket is its URL and nothing else; otherwise STU2. */
export const bareEndpoint: HubTraits = { ...stu2, channels: ['websocket'], endpointIn: 'body' };
