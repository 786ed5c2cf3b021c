import type { AuditEvent, Reference } from 'fhir/r4.js';
import type { FhircastClient } from '../client.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { machineId } from '../hub/protocol-records.ts';
import { plainName } from './observation.ts';

/**
 * What an app did with a context:
 *
 * - `shown`: it shows it from now on.
 * - `left`: it shows it no more.
 * - `refused`: it did not follow the session, or failed at it. What it did not follow is what the session has.
 */
export type AuditAction = 'shown' | 'left' | 'refused';

/** What an app did, and when. It holds no protected health information, unless the app puts it into `subject`. */
export interface AuditRecord {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** What the app did. */
  readonly action: AuditAction;
  /** The type of the context's anchor: `Patient`, `ImagingStudy` …; `undefined` where the session has no context. */
  readonly resourceType: string | undefined;
  /** The id of the event that made the context, where that is known, and is a UUID or a long hexadecimal number. */
  readonly eventId: string | undefined;
  /** The client's label, where the app gave it one. */
  readonly label: string | undefined;
  /** What the app's own function made of the context. */
  readonly subject: Reference | undefined;
}

/** How a client is audited. */
export interface AuditOptions {
  /** What to call the client. */
  readonly label?: string;
  /**
   * Names whom a record is about. It makes a record one of protected health information: keep it where those are kept.
   *
   * @param context what is shown, left or refused
   * @returns a reference, or an identifier in one; `undefined` where there is nothing to name
   * @default nobody is named
   */
  readonly subject?: (context: CurrentContext) => Reference | undefined;
}

/**
 * Tells what an app shows and refuses, when it does so: what an audit trail of IHE's ATNA wants to know. What the app shows counts from
 * when its listeners have followed, as `client.shown` does. Nothing is subscribed to by it.
 *
 * @param client the client
 * @param record is told. What it throws is dropped: keep what must not be lost
 * @param options a label, and whether a record names its subject
 * @returns ends it. What is shown then is told as `left`
 * @example
 * ```ts
 * const end = audit(client, (record) => trail.push(toAuditEvent(record, { source: 'Dictation', agent: { altId: 'u42' } })));
 * ```
 */
export function audit(
  client: FhircastClient,
  record: (record: AuditRecord) => void,
  { label, subject }: AuditOptions = {},
): () => void {
  let shown: CurrentContext | null = null;
  // `null` is a session without a context, which can be refused as well.
  let refused: CurrentContext | null | undefined;
  const tell = (action: AuditAction, context: CurrentContext | null): void => {
    try {
      record({
        at: Date.now(),
        action,
        resourceType: plainName(context?.type),
        eventId: machineId(context?.id),
        label,
        subject: context ? subject?.(context) : undefined,
      });
    } catch {
      // Whoever keeps the trail must not be able to stop what is audited.
    }
  };
  const look = (now: CurrentContext | null): void => {
    if (now !== shown) {
      if (shown) tell('left', shown);
      shown = now;
      if (now) tell('shown', now);
    }
    const { syncStatus } = client;
    const isRefused = syncStatus.state === 'refused' && syncStatus.by.some(({ isSelf }) => isSelf);
    const before = refused;
    refused = isRefused ? client.context.current : undefined;
    if (refused !== undefined && refused !== before) tell('refused', refused);
  };
  const end = client.subscribe(() => look(client.shown));
  look(client.shown);
  return () => {
    end();
    if (shown) tell('left', shown);
    shown = null;
  };
}

/** Who is named in an AuditEvent. */
export interface AuditEventOptions {
  /** The system that observed it: the app's name. */
  readonly source: string;
  /** The person who looks. Without it, the app itself is the agent. */
  readonly agent?: AuditAgent;
}

/** A person, by whatever the app knows. */
export interface AuditAgent {
  /** A reference to the Practitioner, or an identifier in one. */
  readonly who?: Reference;
  /** The name. */
  readonly name?: string;
  /** The name by which the person logs in. */
  readonly altId?: string;
}

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';

/**
 * Makes a record FHIR's AuditEvent (R4), as a repository of IHE's RESTful ATNA takes it: DICOM's 110110, Patient Record.
 *
 * @param record what was done
 * @param options who observed it, and who did it
 */
export function toAuditEvent(record: AuditRecord, { source, agent }: AuditEventOptions): AuditEvent {
  const { at, action, resourceType, eventId, label, subject } = record;
  return {
    resourceType: 'AuditEvent',
    type: { system: DCM, code: '110110', display: 'Patient Record' },
    subtype: [{ display: action }],
    action: action === 'shown' ? 'R' : 'E',
    recorded: new Date(at).toISOString(),
    outcome: action === 'refused' ? '4' : '0',
    agent: [{ ...(agent ?? { name: label ?? source }), requestor: agent !== undefined }],
    source: { observer: { display: source } },
    ...(resourceType
      ? {
          entity: [
            {
              ...(subject ? { what: subject } : {}),
              type: { system: 'http://hl7.org/fhir/resource-types', code: resourceType },
              ...(eventId ? { detail: [{ type: 'event-id', valueString: eventId }] } : {}),
            },
          ],
        }
      : {}),
  };
}
