import type { HubTraits } from '../ground/traits.ts';
import { stu2 } from './stu2.ts';

/** A commercial radiology hub: STU2, and silent on a websocket until its endpoint has been sent back on it. */
export const radiology: HubTraits = { ...stu2, awaitsEndpoint: true };
