import type { OperationOutcome } from 'fhir/r4.js';

const SYSTEM = 'https://fhircast.hl7.org/events/syncerror';

/** What a SyncError tells. */
export interface SyncErrorFacts {
  /** The event that was not followed; absent when a subscriber was lost for another reason. */
  eventId?: string;
  eventName?: string;
  /** Who did not follow. */
  subscriber: string;
  /** What happened, for a human. */
  diagnostics: string;
  /** The issue's code. Default `processing`. */
  code?: 'processing' | 'too-long';
}

/** The OperationOutcome of a SyncError event (STU3, profile FHIRcast OperationOutcome for SyncError). */
export function syncErrorOutcome({
  eventId,
  eventName,
  subscriber,
  diagnostics,
  code = 'processing',
}: SyncErrorFacts): OperationOutcome {
  const coding = [{ system: `${SYSTEM}/subscriber`, code: subscriber }];
  if (eventName !== undefined) coding.unshift({ system: `${SYSTEM}/eventname`, code: eventName });
  if (eventId !== undefined) coding.unshift({ system: `${SYSTEM}/eventid`, code: eventId });
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'warning', code, diagnostics, details: { coding } }],
  };
}
