import { profiles, type SmartLaunchOptions } from '../../src/index.ts';
import type { TestHubOptions } from '../../src/testing/index.ts';
import type { WorldKind } from '../integration/worlds.ts';

/** In what a hub of the field, or its EHR, departs from the text. */
export interface Quirk {
  /** What of the hub is otherwise. */
  readonly hub?: TestHubOptions;
  /** The ids of the EHR's events: one for all, or one for each name. */
  readonly ids?: 'one' | 'by-name';
  /** By how much the EHR's clock is off, in milliseconds; `jumps` for one that does so in the course of a run. */
  readonly clockMs?: number | 'jumps';
  /** Whether the times of events do not tell their order. */
  readonly hidesOrder?: boolean;
  /** What the hub tells of the current context. Default all of it. */
  readonly tells?: 'doubtfully' | 'nothing';
  /** The longest lease, in seconds. */
  readonly leaseSeconds?: number;
  /** What an app on a websocket has to be told of such a hub. */
  readonly options?: Partial<SmartLaunchOptions>;
  /** Quirks of one kind exclude each other. */
  readonly kind: string;
}

/** The hub takes what comes, in the order in which it comes. */
const AS_THEY_COME = { contextKeeping: 'open-contexts-as-they-come' } as const;

/** A hub that says yes to every websocket, whether it knows the endpoint or not. */
const CONFIRMS_ANYTHING = { unknownEndpoints: 'confirmed' } as const;

const PINGS_EVERY_SECONDS = 0.05;
const OFF_MS = 5 * 60_000;

/** Every quirk, by what the hub or the EHR does. */
export const QUIRKS = {
  'one id for all events': { kind: 'ids', ids: 'one' },
  'one id for each name': { kind: 'ids', ids: 'by-name' },
  'whole seconds': { kind: 'times', hub: { traits: { timestamps: 'seconds', ...AS_THEY_COME } }, hidesOrder: true },
  'a slow clock': { kind: 'times', clockMs: -OFF_MS, hub: { traits: AS_THEY_COME }, hidesOrder: true },
  'a fast clock': { kind: 'times', clockMs: OFF_MS, hub: { traits: AS_THEY_COME }, hidesOrder: true },
  'a clock that jumps': { kind: 'times', clockMs: 'jumps', hub: { traits: AS_THEY_COME }, hidesOrder: true },
  'a bare array as context': {
    kind: 'context',
    hub: { discovery: false, traits: { contextForm: 'array' } },
    tells: 'doubtfully',
  },
  // A callback that such a hub has forgotten learns it by nothing but the end of its lease.
  'no context to ask for': { kind: 'context', hub: { currentContext: false }, tells: 'nothing', leaseSeconds: 1 },
  'denials for everybody': { kind: 'leaving', hub: { traits: { unsubscription: 'denies-all' } } },
  'yes to any socket': { kind: 'confirmation', hub: { traits: { confirmation: 'bound-true', ...CONFIRMS_ANYTHING } } },
  'established sockets': {
    kind: 'confirmation',
    hub: { traits: { confirmation: 'connection-established', ...CONFIRMS_ANYTHING } },
    options: { profile: { name: 'established', confirmedBy: 'established' } },
  },
  'no confirmation': {
    kind: 'confirmation',
    hub: { traits: { confirmation: 'none', ...CONFIRMS_ANYTHING } },
    options: { profile: profiles.noConfirmation },
  },
  'ping texts': { kind: 'frames', hub: { traits: { keepalive: { seconds: PINGS_EVERY_SECONDS, form: 'text' } } } },
  'empty frames': { kind: 'frames', hub: { traits: { keepalive: { seconds: PINGS_EVERY_SECONDS, form: 'empty' } } } },
  'ping objects': { kind: 'frames', hub: { traits: { keepalive: { seconds: PINGS_EVERY_SECONDS, form: 'json' } } } },
  'binary frames': { kind: 'frames', hub: { traits: { frameType: 'binary' } } },
  'each event twice': { kind: 'copies', hub: { traits: { copies: 2, copyIds: 'same' } } },
  'each event under two ids': { kind: 'copies', hub: { traits: { copies: 2, copyIds: 'own' } } },
  'subscriptions that add up': { kind: 'copies', hub: { traits: { repetition: 'adds' } }, leaseSeconds: 1 },
  'SyncErrors with the id of what failed': { kind: 'objections', hub: { traits: { syncErrorIds: 'failed-event' } } },
  'derived events after it': {
    kind: 'derived',
    hub: { traits: { derivedEvents: { ids: 'own', order: 'after' }, ...AS_THEY_COME } },
    hidesOrder: true,
  },
  'derived events before it': {
    kind: 'derived',
    hub: { traits: { derivedEvents: { ids: 'own', order: 'before' }, ...AS_THEY_COME } },
    hidesOrder: true,
  },
  'derived events of one id': {
    kind: 'derived',
    hub: { traits: { derivedEvents: { ids: 'same', order: 'after' }, ...AS_THEY_COME } },
    hidesOrder: true,
  },
  'leases without a name': {
    // It verifies without a mode, as the sandboxes do, whose answers are not to be relied on.
    tells: 'nothing',
    kind: 'leases',
    hub: { traits: { verificationFields: 'challenge-and-topic' } },
  },
} as const satisfies Record<string, Quirk>;

/** The name of a quirk. */
export type QuirkName = keyof typeof QUIRKS;

/** What a list of quirks comes to. */
export interface Character extends Omit<Quirk, 'kind' | 'tells'> {
  readonly tells: 'all' | 'doubtfully' | 'nothing';
  readonly hidesOrder: boolean;
}

/** What a list of quirks comes to. */
export function characterOf(names: readonly QuirkName[]): Character {
  let character: Character = { tells: 'all', hidesOrder: false };
  for (const name of names) {
    const { kind: _kind, hub, ...quirk }: Quirk = QUIRKS[name];
    const traits = { ...character.hub?.traits, ...hub?.traits };
    character = { ...character, ...quirk, hub: { ...character.hub, ...hub, traits } } as Character;
  }
  return character;
}

/** What an app of a row has to be told of such a hub. */
export function optionsFor({ channel }: WorldKind, { options, hub }: Character): Partial<SmartLaunchOptions> {
  const { profile, ...others } = channel === 'websocket' ? (options ?? {}) : {};
  const profiles = [profile ?? []].flat();
  if (hub?.traits?.derivedEvents?.ids === 'own') profiles.push({ name: 'derives events', derivesEvents: true });
  return profiles.length > 0 ? { ...others, profile: profiles } : others;
}
