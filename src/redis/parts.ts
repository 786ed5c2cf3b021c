import type { LostReason } from '../callback/router.ts';
import type { RedisLink } from './link.ts';
import type { RedisSettings } from './options.ts';

/** What both halves of a router share: the one that owns ids and the one that passes requests on. */
export interface Parts {
  readonly link: RedisLink;
  readonly settings: RedisSettings;
  /** The name of this instance. */
  readonly instance: string;
  /** An event that had been answered 202 is lost. */
  lost(reason: LostReason): void;
  /** Something came out of Redis that no router has put there. */
  malformed(): void;
}

/** What every script gets first. */
export const common = ({ settings }: Parts): [prefix: string, grace: string] => [
  settings.prefix,
  String(settings.graceMs),
];
