import type { HubTraits } from '../ground/traits.ts';
import { stu2 } from './stu2.ts';

/** A hub that sends events on a websocket and never confirms it; otherwise STU2. */
export const silentConfirmation: HubTraits = { ...stu2, channels: ['websocket'], confirmation: 'none' };
