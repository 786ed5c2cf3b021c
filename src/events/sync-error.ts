import type { OperationOutcome } from 'fhir/r4';
import { text } from './notification.ts';

const SYSTEM = 'https://fhircast.hl7.org/events/syncerror/';

/** What a SyncError says (STU3, SyncError). */
export interface SyncErrorDetails {
  /** The id of the event that was not followed. */
  readonly eventId: string | undefined;
  /** The name of the event that was not followed, as it was spelt. */
  readonly eventName: string | undefined;
  /** Who did not follow: its `subscriber.name`. */
  readonly subscriber: string | undefined;
  /** Text for humans. */
  readonly diagnostics: string | undefined;
}

const readIssue = (issue: unknown): SyncErrorDetails => {
  const { diagnostics, details } = (issue ?? {}) as {
    diagnostics?: unknown;
    details?: { coding?: unknown; text?: unknown };
  };
  const codings: unknown = details?.coding;
  const code = (...names: string[]): string | undefined => {
    for (const coding of Array.isArray(codings) ? codings : []) {
      if (names.some((name) => coding?.system === SYSTEM + name)) return text(coding.code);
    }
    return undefined;
  };
  return {
    eventId: code('eventid'),
    eventName: code('eventname'),
    // The text says `subscriber`, the profile `subscribername`.
    subscriber: code('subscriber', 'subscribername'),
    diagnostics: text(diagnostics) ?? text(details?.text),
  };
};

/**
 * Reads every issue of a SyncError: where several subscribers did not follow, each has one. Nothing of it is taken for granted.
 *
 * @param outcome the resource under `operationoutcome`
 */
export const readSyncErrors = (outcome: OperationOutcome | undefined): readonly SyncErrorDetails[] =>
  [(outcome?.issue as unknown) ?? []].flat().map(readIssue);

/**
 * Reads what a SyncError says first: its first issue that names an event or a subscriber, or else its first one.
 *
 * @param outcome the resource under `operationoutcome`
 */
export function readSyncError(outcome: OperationOutcome | undefined): SyncErrorDetails {
  const issues = readSyncErrors(outcome);
  return issues.find(({ eventId, subscriber }) => eventId ?? subscriber) ?? issues[0] ?? readIssue(undefined);
}

/**
 * Makes the OperationOutcome of a SyncError, as the subscriber's profile wants it.
 *
 * @param details what to say
 */
export function makeSyncError(details: SyncErrorDetails): OperationOutcome {
  const coding = (
    [
      ['eventid', details.eventId],
      ['eventname', details.eventName],
      ['subscriber', details.subscriber],
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
