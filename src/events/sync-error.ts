import type { OperationOutcome } from 'fhir/r4.js';
import { isObject, type JsonObject, text } from './notification.ts';
import type { DeepReadonly } from './read-only.ts';

const SYSTEM = 'https://fhircast.hl7.org/events/syncerror/';

/** What a SyncError says (STU3, SyncError). */
export interface SyncErrorDetails {
  /** The id of the event that was not followed. */
  readonly eventId: string | undefined;
  /** The name of the event that was not followed, as it was spelt. */
  readonly eventName: string | undefined;
  /** Who did not follow: its `subscriber.name`. */
  readonly subscriber: string | undefined;
  /** The kind of the problem, FHIR's `issue.code`: `processing`, `too-long`, `conflict` … */
  readonly code: string | undefined;
  /** Text for humans. */
  readonly diagnostics: string | undefined;
}

/** How many issues are read: each is one subscriber, and no session has more. */
const MOST_ISSUES = 256;
/** How many codings of an issue are read. The profile has three, and apps add their own. */
const MOST_CODINGS = 32;
/** How long what identifies may be. It is no id when it is longer: the start of one could be another's. */
const LONGEST_CODE = 1024;
/** How long what people read may be. It is cut there. */
const LONGEST_TEXT = 4096;

const identifier = (value: unknown): string | undefined => {
  const id = text(value);
  return id && id.length > LONGEST_CODE ? undefined : id;
};

// Half of a character that takes two is none.
const readable = (value: unknown): string | undefined =>
  text(value)
    ?.slice(0, LONGEST_TEXT)
    .replace(/[\ud800-\udbff]$/, '');

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** What stands where a list is expected: a hub may write one thing without it. */
const firstOf = (value: unknown, most: number): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, most) : isObject(value) ? [value] : [];

const readIssue = (value: unknown): SyncErrorDetails => {
  const { code, diagnostics, details } = objectOf(value);
  const { coding, text: words } = objectOf(details);
  const codes: Record<string, unknown> = {};
  for (const one of firstOf(coding, MOST_CODINGS)) {
    const { system, code: said } = objectOf(one);
    if (typeof system === 'string' && system.startsWith(SYSTEM)) codes[system.slice(SYSTEM.length)] ??= text(said);
  }
  return {
    eventId: identifier(codes.eventid),
    eventName: identifier(codes.eventname),
    // The text says `subscriber`, the profile `subscribername`.
    subscriber: readable(codes.subscriber ?? codes.subscribername),
    code: identifier(code),
    diagnostics: readable(diagnostics) ?? readable(words),
  };
};

/**
 * Reads the issues of a SyncError: where several subscribers did not follow, each has one. Nothing of it is taken for granted,
 * and what is read is bounded: 256 issues, 32 codings of each.
 *
 * @param outcome the resource under `operationoutcome`
 */
export const readSyncErrors = (outcome: DeepReadonly<OperationOutcome> | undefined): readonly SyncErrorDetails[] =>
  firstOf(outcome?.issue, MOST_ISSUES).map(readIssue);

/**
 * What a SyncError says first: its first issue that names an event or a subscriber, or else its first one.
 *
 * @param issues what {@link readSyncErrors} read
 */
export const firstSyncError = (issues: readonly SyncErrorDetails[]): SyncErrorDetails =>
  issues.find(({ eventId, subscriber }) => eventId ?? subscriber) ?? issues[0] ?? readIssue(undefined);

/**
 * Makes the OperationOutcome of a SyncError, as the subscriber's profile wants it.
 *
 * @param details what to say. Who says it is told under both names: the text has one, and the profile the other
 */
export function makeSyncError(details: Omit<SyncErrorDetails, 'code'>): OperationOutcome {
  const coding = (
    [
      ['eventid', details.eventId],
      ['eventname', details.eventName],
      ['subscriber', details.subscriber],
      ['subscribername', details.subscriber],
    ] as const
  ).flatMap(([name, code]) => (code === undefined ? [] : [{ system: SYSTEM + name, code }]));
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'warning',
        code: 'processing',
        details: { coding },
        ...(details.diagnostics === undefined ? {} : { diagnostics: details.diagnostics }),
      },
    ],
  };
}
