/** How events reach a subscriber. */
export type SubscriberChannel = 'webhook' | 'websocket';

/**
 * What a message of the log is:
 * - requests to the hub: `subscribe`, `unsubscribe`, `publish`, `context`, `discovery`, and the hub's `reply` to them
 * - messages of the hub: `verify`, `confirm`, `deny`, `notify`, and the subscriber's `answer` to them
 * - not messages but what becomes of them: `connect` and `disconnect` of a socket, `active` (verified or confirmed:
 *   events are delivered from now on), `disturb` of the notification that comes next (`fields.disturbance` says how),
 *   `expire` of a lease, and `ended` of a subscription
 * - `keepalive` on all websockets
 * - `endpoint`: the endpoint of a websocket that came back on it, for a hub that waits for that
 * - `crash` of the hub itself (`fields.by` says by what)
 * - `malformed`: something that is none of these
 */
export type HubMessageKind =
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'context'
  | 'discovery'
  | 'reply'
  | 'verify'
  | 'confirm'
  | 'deny'
  | 'notify'
  | 'answer'
  | 'connect'
  | 'disconnect'
  | 'active'
  | 'disturb'
  | 'expire'
  | 'keepalive'
  | 'ended'
  | 'endpoint'
  | 'crash'
  | 'malformed';

/** One message that the hub saw or sent. It is raw and for tests: print `formatMessage(message)` instead. */
export interface HubMessage {
  /** The place in the log, counted from 0. */
  readonly sequence: number;
  /** When. */
  readonly at: Date;
  /** Seen from the hub. */
  readonly direction: 'in' | 'out';
  /** What it is. */
  readonly kind: HubMessageKind;
  /** What a `reply` or an `answer` is about. */
  readonly about?: HubMessageKind;
  /** How the subscriber is reached. */
  readonly channel?: SubscriberChannel;
  /** The id of the session. */
  readonly session?: string;
  /** The subscriber's name, its own or the one that the hub gave it. */
  readonly subscriber?: string;
  /** The HTTP status, the status in a frame, or the close code of a socket; absent when no answer came. */
  readonly status?: number;
  /** The event's name, or the names separated by commas, as sent. */
  readonly event?: string;
  /** The event's id, as sent. */
  readonly eventId?: string;
  /** The fields of a form or of a query. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The exact text of the message. */
  readonly body?: string;
  /** `X-Hub-Signature` as sent. */
  readonly signature?: string;
}

/** A message before it has its place. */
export type HubMessageEntry = Omit<HubMessage, 'sequence' | 'at'>;

/** Writes one message to the log. */
export type Recorder = (entry: HubMessageEntry) => void;

/** How to wait for a message. */
export interface WaitOptions {
  /** When to give up, in milliseconds. Default 5000. */
  timeoutMs?: number;
  /** The place in the log from which to look, past messages included. Default 0; `hub.log.length`: from now on. */
  since?: number;
}

/** Everything that the hub saw and sent, in order, and a way to wait for more. */
export class HubLog {
  readonly messages: HubMessage[] = [];
  readonly #watchers = new Set<(message: HubMessage) => void>();
  readonly #onMessage: ((message: HubMessage) => void) | undefined;

  constructor(onMessage?: (message: HubMessage) => void) {
    this.#onMessage = onMessage;
  }

  /** Writes one message. */
  readonly record: Recorder = (entry) => {
    const message: HubMessage = { sequence: this.messages.length, at: new Date(), ...entry };
    this.messages.push(message);
    this.#onMessage?.(message);
    for (const watch of [...this.#watchers]) watch(message);
  };

  /** The first message that fits; rejects when none came in time. */
  waitFor(
    fits: (message: HubMessage) => boolean,
    { timeoutMs = 5000, since = 0 }: WaitOptions = {},
  ): Promise<HubMessage> {
    const past = this.messages.slice(since).find(fits);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const close = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
      };
      const watch = (message: HubMessage): void => {
        try {
          if (!fits(message)) return;
          close();
          resolve(message);
        } catch (error) {
          close();
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        close();
        const seen = this.messages.slice(since).map((message) => message.kind);
        reject(
          new Error(`The hub saw no such message within ${timeoutMs} ms. It saw: ${seen.join(', ') || 'nothing'}`),
        );
      }, timeoutMs);
      this.#watchers.add(watch);
    });
  }
}
