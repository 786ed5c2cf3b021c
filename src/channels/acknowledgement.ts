import type { Habits } from '../hub/dialects/dialect.ts';

const OK = 200;
const ACCEPTED = 202;

/**
 * The status that a hub is told for what was decided.
 *
 * @param acknowledgements which answers the hub bears
 * @param status what was decided. 202 says that the app is still at work, which one hub takes for a refusal
 */
export const statusFor = (acknowledgements: Habits['acknowledgements'], status: number): number =>
  acknowledgements === '200-only' && status === ACCEPTED ? OK : status;
