import { type RouterOptions, type RouterSettings, routerSettings } from '../callback/callback-router.ts';
import { optionInvalid } from '../errors/errors.ts';
import { LONGEST_TIMER_MS } from '../web/timers.ts';
import type { RedisRouterClient } from './link.ts';

/**
 * Whether a router can pass requests on: `connecting` at first and whenever Redis cannot be reached, `closing` while it
 * answers what it has, `closed` for good.
 */
export type RedisRouterState = 'connecting' | 'ready' | 'closing' | 'closed';

/** How a router through Redis behaves. */
export interface RedisRouterOptions extends RouterOptions {
  /**
   * A client of the package `redis` (5 or later). It is duplicated: the router makes two connections of its own, with the
   * same options, and leaves this one alone. It need not be connected.
   */
  client: RedisRouterClient;
  /**
   * Stands before every key and channel. It separates apps that share a Redis: give each its own.
   *
   * @default 'fhircast:'
   */
  prefix?: string;
  /**
   * How long an instance that does not report counts as alive, in seconds. It reports three times as often.
   *
   * @default 15
   */
  leaseSeconds?: number;
  /**
   * How long the ids of an instance that is gone may be registered again by another one, in seconds. Meanwhile they are 503,
   * and what was answered 202 is kept for their new owner. Afterwards they are 410, and what was kept is lost.
   *
   * @default 30
   */
  graceSeconds?: number;
  /**
   * How long an id that has ended is answered 410 and not 404, in seconds.
   *
   * @default 86400
   */
  rememberSeconds?: number;
  /**
   * The largest body that is passed on, in bytes: at least the `bodyLimit` of the endpoint. A larger one reaches its owner as
   * `too-large`.
   *
   * @default 1048576
   */
  bodyLimit?: number;
  /**
   * Told of every change of the state.
   *
   * @param state the new one
   */
  onState?(state: RedisRouterState): void;
}

/** The options as numbers that are complete and checked. */
export interface RedisSettings extends RouterSettings {
  readonly prefix: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly rememberMs: number;
  readonly bodyLimit: number;
  /** How often an instance reports, in milliseconds. */
  readonly tickMs: number;
}

/**
 * Fills in and checks the options.
 *
 * @param options as the app has given them
 * @throws FhircastError `option-invalid`
 */
export function redisSettings(options: RedisRouterOptions): RedisSettings {
  const { prefix = 'fhircast:', leaseSeconds = 15, graceSeconds = 30, rememberSeconds = 86_400 } = options;
  const { bodyLimit = 1024 * 1024 } = options;
  const milliseconds = (at: string, seconds: number): number => {
    const ms = Math.round(seconds * 1_000);
    if (!(ms >= 1 && ms <= LONGEST_TIMER_MS))
      throw optionInvalid(at, `a number from 0.001 to ${Math.floor(LONGEST_TIMER_MS / 1_000)}`);
    return ms;
  };
  // It is part of messages whose fields are separated by blanks and lines.
  if (!/^[!-~]{1,128}$/.test(prefix))
    throw optionInvalid('prefix', '1 to 128 printable ASCII characters without a blank');
  if (!(bodyLimit > 0)) throw optionInvalid('bodyLimit', 'a number above 0');
  const leaseMs = milliseconds('leaseSeconds', leaseSeconds);
  return {
    ...routerSettings(options),
    prefix,
    bodyLimit,
    leaseMs,
    graceMs: milliseconds('graceSeconds', graceSeconds),
    rememberMs: milliseconds('rememberSeconds', rememberSeconds),
    tickMs: Math.max(1, Math.round(leaseMs / 3)),
  };
}
