import { optionInvalid } from '../errors/errors.ts';
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

const COUNT = 'a whole number from 0, or Infinity';

/** Options of one kind: their names, what they may be in words, and the check of it. */
export type OptionKind = readonly [names: string, allowed: string, isAllowed: Check];

/** The option `hubs` of the calls that take a hub from elsewhere. */
export const HUBS_KIND: OptionKind = ['hubs', 'a list of base URLs or origins', isTexts];

const RECONNECT: readonly OptionKind[] = [
  ['firstMs longestMs', '', isDelay],
  ['attempts', '', isCount],
];

/** What each option of whichever call may be. */
const KINDS: readonly OptionKind[] = [
  // It has errors of its own.
  ['hubUrl', '', () => true],
  ['topic launched subscriberName dialect id', 'a text that is not empty', isText],
  ['scope', 'a text', isString],
  ['events', 'a list of texts', isTexts],
  ['accessToken', 'a text or a function', (value) => isString(value) || isFunction(value)],
  ['expiresIn', 'a number above 0, or a function', (value) => isTime(value) || isFunction(value)],
  ['channel', 'websocket or webhook', (value) => value === 'websocket' || value === 'webhook'],
  [
    'callback',
    'what createCallbackEndpoint() or relayChannel() returns',
    (value) => isObject(value) && isFunction(value.open) && isFunction(value.openChannel),
  ],
  ['leaseSeconds', 'a whole number above 0', (value) => isTime(value) && Number.isSafeInteger(value)],
  ['requestTimeoutMs confirmationTimeoutMs acknowledgeWithinMs silenceMs', 'a number above 0', isTime],
  [
    'reconnect',
    `firstMs and longestMs as numbers from 0, attempts as ${COUNT}`,
    (value) => isObject(value) && faultOf(value, RECONNECT) === undefined,
  ],
  ['resends', COUNT, isCount],
  ['fetch webSocket', 'a function', isFunction],
  ['allowInsecure caughtUp', 'true or false', isBoolean],
  ['profile', 'an object, or a list of objects', (value) => [value].flat().every(isObject)],
  ['signal', 'an AbortSignal', (value) => isObject(value) && isFunction(value.addEventListener)],
];

/** The first option that cannot be used, and what it may be. */
const faultOf = (
  options: Readonly<Record<string, unknown>>,
  kinds: readonly OptionKind[],
): readonly [at: string, allowed: string] | undefined => {
  for (const [at, value] of Object.entries(options)) {
    const [, allowed = 'nothing, as there is no such option', isAllowed] =
      kinds.find(([names]) => names.split(' ').includes(at)) ?? [];
    if (value !== undefined && !isAllowed?.(value)) return [at, allowed];
  }
  return undefined;
};

/**
 * Refuses an argument that cannot be used.
 *
 * @param isUsable whether it can
 * @param at its name
 * @param allowed what it may be, in words
 * @throws FhircastError `option-invalid`
 */
export function mustBe(isUsable: boolean, at: string, allowed?: string): void {
  if (!isUsable) throw optionInvalid(at, allowed);
}

/**
 * Refuses options that cannot be used or that there are not, and platforms that lack what is needed.
 *
 * @param options as an app has passed them
 * @param others the options that a call has beside those that are known here
 * @throws FhircastError `option-invalid`, which names the option and says what it may be; `platform-missing`
 */
export function checkOptions(options: unknown, others: readonly OptionKind[] = []): void {
  requirePlatform();
  mustBe(isObject(options), 'options', 'an object');
  const fault = faultOf(options as Readonly<Record<string, unknown>>, [...KINDS, ...others]);
  if (fault) throw optionInvalid(...fault);
}
