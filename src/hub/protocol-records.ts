/** What a protocol message was about. */
export type ProtocolKind =
  | 'discovery'
  | 'subscribe'
  | 'unsubscribe'
  | 'verification'
  | 'confirmation'
  | 'denial'
  | 'notification'
  | 'answer'
  | 'current-context'
  | 'context-change'
  | 'socket-open'
  | 'socket-close';

/**
 * One message of the protocol, in or out, for logs and tools. It holds names, numbers and times alone: no token, secret,
 * topic, URL or FHIR content, so that it can be printed as it is.
 */
export interface ProtocolRecord {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** `out` from this client to the hub, `in` from the hub. */
  readonly direction: 'in' | 'out';
  /** By which way. */
  readonly via: 'http' | 'websocket' | 'webhook';
  /** What the message was about. */
  readonly kind: ProtocolKind;
  /** The HTTP status, or the one that an answer carries. */
  readonly status?: number;
  /** The websocket's close code. */
  readonly closeCode?: number;
  /** The event's name, or the names that were subscribed to. */
  readonly event?: string;
  /** The event's id, for what is about one event, where it is a UUID or a long hexadecimal number. Any other may say whom the event is about. */
  readonly eventId?: string;
  /** How long an exchange took, in milliseconds. */
  readonly tookMs?: number;
}

/** A record before anybody has looked at the event's id. */
export type RawRecord = Omit<ProtocolRecord, 'at' | 'eventId'> & { readonly eventId?: string | undefined };

/** Takes a record; the client emits it as `protocol`. */
export type Recorder = (record: RawRecord) => void;

/** An event's id where a machine has made it. Its publisher may have taken a patient's number, or a sentence. */
export const machineId = (id: string | undefined): string | undefined =>
  id !== undefined && /^(?=.*\d)[\da-f-]{16,64}$/i.test(id) ? id : undefined;
