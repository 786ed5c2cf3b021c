import { NOT_IMPLEMENTED } from '../web/status.ts';

/**
 * What passes by itself and what does not, in one place.
 *
 * | failure | what the client does |
 * | --- | --- |
 * | a launch without hub or session | throws a `LaunchError`: there is nothing to try |
 * | no network, no answer in time, 408, 425, 429, 5xx but 501 | tries again, as late as `Retry-After` says |
 * | 401 | renews the token once; then the session is over, and nothing is tried until the app calls `ready()` |
 * | another 4xx to a subscription | asks once without `SyncError` where the app does not listen to it, then stops |
 * | another 4xx to a renewal | makes a new subscription while the old one lasts |
 * | a socket that closes, whatever its code | tries again: a hub that does not want this app says so by HTTP or a denial |
 * | a denial before the confirmation | makes one fresh subscription, and stops when that is denied, too |
 * | a denial of what was confirmed | asks again, each time later: it may have been meant for another subscriber |
 *
 * @module
 */

/** These ask for patience. */
const PATIENCE: readonly number[] = [408, 425, 429];

/**
 * Whether the same request may succeed later.
 *
 * @param status the HTTP status of the answer
 */
export const statusPasses = (status: number): boolean =>
  PATIENCE.includes(status) || (status >= 500 && status !== NOT_IMPLEMENTED);

/**
 * Close codes by which a hub says that it has done with this endpoint, and not merely with this connection: the normal end,
 * and those by which it faults what we sent (RFC 6455, section 7.4.1).
 */
const DONE_WITH_ENDPOINT: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 1010];

/**
 * Whether the same endpoint is worth another socket after a connection was lost.
 *
 * @param code the close code; `undefined` when the connection was given up by us
 */
export const endpointMayLive = (code: number | undefined): boolean =>
  code === undefined || (!DONE_WITH_ENDPOINT.includes(code) && code < 3000);

/**
 * Whether the hub's answer to a request for the current context says that it has no such thing, or not for this app. It is not
 * asked again then, and its events are what there is.
 *
 * @param status the HTTP status of the answer
 */
export const statusMeansUnsupported = (status: number): boolean =>
  status !== 401 && status >= 400 && !statusPasses(status);
