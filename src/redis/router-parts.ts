import type { LostReason } from '../callback/callback-router.ts';
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts';
import type { RedisLink } from './link.ts';
import type { RedisSettings } from './redis-options.ts';

/** What both halves of a router share: the one that owns ids and the one that passes requests on. */
export interface Parts {
  readonly link: RedisLink;
  readonly settings: RedisSettings;
  /** The name of this instance. */
  readonly instance: string;
  /** What an owner has to do with requests that were passed on in its own process. */
  readonly own: OwnRequests;
  /** An event that had been answered 202 is lost. */
  lost(reason: LostReason): void;
  /** Something came out of Redis that no router has put there. */
  malformed(): void;
}

/** Requests that were passed on by the instance that owns their id. */
export interface OwnRequests {
  /** A request that waits for its answer. */
  contentOf(request: string): CallbackRequest | undefined;
  /**
   * Answers a request.
   *
   * @returns whether it waited for that
   */
  answer(request: string, answer: CallbackAnswer): boolean;
}

/** What every script gets first. */
export const common = ({ settings }: Pick<Parts, 'settings'>): [prefix: string, grace: string] => [
  settings.prefix,
  String(settings.graceMs),
];
