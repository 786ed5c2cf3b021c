import type { FhircastClient } from '../client.ts';
import type { FhircastError } from '../errors/errors.ts';
import type { SessionEventName, SessionEvents } from '../following/session-events.ts';
import type { SyncStatus } from '../following/sync-facts.ts';

/** How much an observation matters: the names that `console` and pino have. */
export type ObservationLevel = 'debug' | 'info' | 'warn' | 'error';

/** What an observation tells of: the client's own events, by their names. */
export type ObservationKind = 'state' | 'sync' | 'subscribed' | 'denied' | 'resend' | 'error' | 'warning' | 'protocol';

/** A field of an observation. */
export type ObservationValue = string | number | boolean | readonly string[];

/**
 * Something that happened to a client, as it can be written down: names, numbers and times alone. It holds no token, secret, topic,
 * URL or FHIR content, and nothing that a hub wrote for people to read.
 */
export interface Observation {
  /** What it tells of. */
  readonly kind: ObservationKind;
  /** How much it matters. */
  readonly level: ObservationLevel;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** What happened, as one short line. It has a fixed form for each kind. */
  readonly message: string;
  /** The facts by their names; what is not known is left out. `label` is the client's, where the app gave it one. */
  readonly fields: Readonly<Record<string, ObservationValue>>;
}

/** How a client is observed. */
export interface ObserveOptions {
  /** What to call the client, where an app has several of them. It is written down as it is. */
  readonly label?: string;
  /**
   * The kinds to tell of.
   *
   * @default all of them
   */
  readonly kinds?: readonly ObservationKind[];
}

type Facts = Readonly<Record<string, ObservationValue | undefined>>;
type Told = readonly [level: ObservationLevel, message: string, facts: Facts];

/** A name that a hub or another application made up. One that is unlike a name is no name: it could say anything. */
export const plainName = (name: string | undefined): string | undefined =>
  name === undefined || /^[\w.*:-]{1,128}$/.test(name) ? name : '(unusual)';

const namesOf = (names: readonly string[]): readonly string[] => names.map((name) => plainName(name) as string);

const errorFacts = ({ code, at, status, closeCode, retryable, retryAfterMs }: FhircastError): Facts => ({
  code,
  at: at?.slice(0, 128),
  status,
  closeCode,
  retryable,
  retryAfterMs,
});

const syncFacts = (status: SyncStatus): Told => {
  const { state } = status;
  const reason = 'reason' in status ? status.reason : undefined;
  const by = state === 'refused' ? status.by : [];
  const facts = {
    state,
    reason,
    objections: status.objections,
    // Their names and reasons are words of people.
    refusals: state === 'refused' ? by.length : undefined,
    refusedByThisApp: state === 'refused' ? by.some(({ isSelf }) => isSelf) : undefined,
  };
  const isExpected =
    state === 'in-sync' || reason === 'closed' || reason === 'not-subscribed' || reason === 'undecided';
  return [isExpected ? 'info' : 'warn', `sync: ${state}${reason ? ` (${reason})` : ''}`, facts];
};

/** How each kind is told. */
const TELL: { readonly [Kind in ObservationKind]: (what: SessionEvents[Kind]) => Told } = {
  state: ({ state, previous, reason, code }) => [
    'info',
    `state: ${previous} → ${state} (${reason})`,
    { state, previous, reason, code },
  ],
  sync: syncFacts,
  subscribed: ({ channel, requested, granted, leaseSeconds }) => [
    'info',
    `subscribed by ${channel}`,
    { channel, requested: namesOf(requested), granted: namesOf(granted), leaseSeconds },
  ],
  denied: () => ['warn', 'subscription denied', {}],
  resend: ({ name, attempts }) => ['info', `sent again: ${plainName(name)}`, { event: plainName(name), attempts }],
  error: (error) => ['error', error.message, errorFacts(error)],
  warning: (error) => ['warn', error.message, errorFacts(error)],
  protocol: ({ at: _, ...record }) => [
    'debug',
    `${record.direction} ${record.via} ${record.kind}`,
    {
      ...record,
      event: record.event
        ?.split(',')
        .map((name) => plainName(name))
        .join(','),
    },
  ],
};

const KINDS = Object.keys(TELL) as readonly ObservationKind[];

/**
 * Tells of everything that happens to a client, in a form that can be written down. Nothing is subscribed to by it. What the listener
 * throws is dropped: nobody's log may keep a client from following.
 *
 * @param client the client
 * @param listener gets each observation, when it happens
 * @param options a label, and the kinds to tell of
 * @returns ends it
 */
export function observe(
  client: FhircastClient,
  listener: (observation: Observation) => void,
  { label, kinds = KINDS }: ObserveOptions = {},
): () => void {
  const ends = kinds.map((kind) => {
    const hear = (what: unknown): void => {
      const [level, message, facts] = TELL[kind](what as never);
      const known = Object.entries({ label, ...facts }).filter(([, value]) => value !== undefined);
      const fields = Object.fromEntries(known) as Observation['fields'];
      const at = kind === 'protocol' ? (what as SessionEvents['protocol']).at : Date.now();
      try {
        listener({ kind, level, at, message, fields });
      } catch {
        // Whoever writes a log must not be able to stop what is logged.
      }
    };
    const name: SessionEventName = kind;
    client.on(name, hear);
    return () => client.off(name, hear);
  });
  return () => {
    for (const end of ends) end();
  };
}
