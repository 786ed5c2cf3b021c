import type { OperationOutcome } from 'fhir/r4';

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

const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Reads the OperationOutcome of a SyncError. Nothing of it is taken for granted.
 *
 * @param outcome the resource under `operationoutcome`
 */
export function readSyncError(outcome: OperationOutcome | undefined): SyncErrorDetails {
  const issues: unknown = outcome?.issue;
  const issue = (Array.isArray(issues) ? issues[0] : undefined) as
    | { diagnostics?: unknown; details?: { coding?: unknown; text?: unknown } }
    | undefined;
  const codings: unknown = issue?.details?.coding;
  const code = (...names: string[]): string | undefined => {
    for (const coding of Array.isArray(codings) ? codings : []) {
      if (names.some((name) => coding?.system === SYSTEM + name)) return string(coding.code);
    }
    return undefined;
  };
  return {
    eventId: code('eventid'),
    eventName: code('eventname'),
    // The text says `subscriber`, the profile `subscribername`.
    subscriber: code('subscriber', 'subscribername'),
    diagnostics: string(issue?.diagnostics) ?? string(issue?.details?.text),
  };
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
