import { FhircastError } from '../errors/errors.ts';
import { isObject } from '../events/notification.ts';
import { requirePlatform } from '../web/platform.ts';

export type Check = (value: unknown) => boolean;

/** Whether it is a text, and not an empty one. */
export const isText: Check = (value) => typeof value === 'string' && value !== '';
const isString: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isFunction: Check = (value) => typeof value === 'function';
/** Whether it is a list of texts. */
export const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
/** A time in milliseconds, or `Infinity` for never. */
const isTime: Check = (value) => typeof value === 'number' && value > 0;
const isCount: Check = (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= 0);
const isDelay: Check = (value) => typeof value === 'number' && value >= 0;

const RECONNECT: Readonly<Record<string, Check>> = { firstMs: isDelay, longestMs: isDelay, attempts: isCount };

/** What each option of whichever call may be. */
const CHECKS: Readonly<Record<string, Check>> = {
  // It has errors of its own.
  hubUrl: () => true,
  topic: isText,
  accessToken: (value) => isString(value) || isFunction(value),
  expiresIn: (value) => isTime(value) || isFunction(value),
  launched: isText,
  scope: isString,
  events: isTexts,
  channel: (value) => value === 'websocket' || value === 'webhook',
  callback: (value) => isObject(value) && isFunction(value.open) && isFunction(value.openChannel),
  subscriberName: isText,
  leaseSeconds: (value) => isTime(value) && Number.isSafeInteger(value),
  dialect: isText,
  profile: (value) => isObject(value) || (Array.isArray(value) && value.every(isObject)),
  allowInsecure: isBoolean,
  requestTimeoutMs: isTime,
  confirmationTimeoutMs: isTime,
  acknowledgeWithinMs: isTime,
  silenceMs: isTime,
  reconnect: (value) => isObject(value) && faultOf(value, RECONNECT) === undefined,
  resends: isCount,
  fetch: isFunction,
  webSocket: isFunction,
  caughtUp: isBoolean,
  id: isText,
  signal: (value) => isObject(value) && isFunction(value.addEventListener),
};

const faultOf = (
  options: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): string | undefined =>
  Object.entries(options).find(([name, value]) => value !== undefined && !checks[name]?.(value))?.[0];

/**
 * Refuses an argument that cannot be used.
 *
 * @param isUsable whether it can
 * @param at its name
 * @throws FhircastError `option-invalid`
 */
export function mustBe(isUsable: boolean, at: string): void {
  if (!isUsable) throw new FhircastError('option-invalid', { at });
}

/**
 * Refuses options that cannot be used or that there are not, and platforms that lack what is needed.
 *
 * @param options as an app has passed them
 * @param others checks what a call has beside the options that are known here
 * @throws FhircastError `option-invalid`, which names the option; `platform-missing`
 */
export function checkOptions(options: unknown, others?: Readonly<Record<string, Check>>): void {
  requirePlatform();
  mustBe(isObject(options), 'options');
  const at = faultOf(options as Readonly<Record<string, unknown>>, { ...CHECKS, ...others });
  mustBe(at === undefined, at ?? '');
}
