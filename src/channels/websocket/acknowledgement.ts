import type { Habits } from '../../hub/dialect.ts';
import { ACCEPTED, OK } from '../../web/status.ts';

/**
 * The status that a hub is told for what was decided.
 *
 * @param acknowledgements which answers the hub bears
 * @param status what was decided. 202 says that the app is still at work; the draft and the ballot know 200 or an error, and some
 *   hubs take it for a refusal
 */
export const statusFor = (acknowledgements: Habits['acknowledgements'], status: number): number =>
  acknowledgements !== 'all' && status === ACCEPTED ? OK : status;
