import { FhircastError, NotificationError } from '../errors.ts';
import { checkContext } from '../events/check.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { FhircastEvent } from '../events/event.ts';
import { canonicalName } from '../events/names.ts';
import { messageId, type Notification, parseJson, parseNotification } from '../events/notification.ts';
import type { Dialect } from '../hub/dialects/dialect.ts';
import type { Recorder } from '../hub/protocol.ts';
import { randomHex } from '../random.ts';
import { Acknowledgement } from './acknowledgement.ts';
import { ContextStore } from './context-store.ts';
import { type MessageCounts, noCounts } from './counts.ts';
import { Deliveries } from './deliveries.ts';
import type { Listeners } from './listeners.ts';

/** What the inbox needs. */
export interface InboxOptions {
  readonly topic: string;
  readonly dialect: Dialect;
  readonly listeners: Listeners;
  readonly contexts: ContextStore;
  readonly record: Recorder;
  /** After how long a listener's promise makes the answer 202, in milliseconds. */
  readonly acknowledgeWithinMs: number;
  /** Whether an event is our own change coming back. */
  isEcho(notification: Notification): boolean;
  /** An event is about to be given to the app. */
  received(event: FhircastEvent): void;
  /** The app did not follow after the hub had been answered. */
  late(event: FhircastEvent, reason: string | undefined): void;
}

/** Tells the hub a status for the event with an id. */
export type Answer = (status: number, id?: string) => void;

const MALFORMED = 400;
const NOT_OURS = 404;
const UNUSABLE = 422;
const FOLLOWED = 200;

/** The one path of a notification, whichever channel brought it: read, judge, deliver, answer. */
export class Inbox {
  /** How many messages came to what end. */
  readonly counts: MessageCounts = noCounts();
  readonly #options: InboxOptions;
  readonly #deliveries = new Deliveries();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /**
   * Takes a message. Nothing is thrown, whatever it holds, and every message is answered once.
   *
   * @param text the exact text
   * @param answer tells the hub
   */
  receive(text: string, answer: Answer, via: 'websocket' | 'webhook'): void {
    let message: unknown;
    try {
      message = parseJson(text);
      const notification = parseNotification(message);
      this.#options.record({ direction: 'in', via, kind: 'notification', event: notification.hubEvent });
      this.#judge(notification, (status) => answer(status, notification.id));
    } catch (cause) {
      this.counts.malformed++;
      // A message can be too deep for what compares it, and that must not reach the socket either.
      const isOurs = cause instanceof FhircastError;
      const error = isOurs ? cause : new NotificationError('notification-malformed', { at: 'its structure', cause });
      this.#options.listeners.emit('error', error);
      answer(MALFORMED, messageId(message));
    }
  }

  #judge(notification: Notification, answer: (status: number) => void): void {
    const { listeners, contexts, dialect, topic } = this.#options;
    const warn = (error: FhircastError) => listeners.emit('warning', error);
    if (!dialect.isOurTopic(topic, notification.topic)) {
      this.counts.wrongTopic++;
      warn(new NotificationError('notification-wrong-topic'));
      return answer(NOT_OURS);
    }
    if (notification.name === 'heartbeat') {
      this.counts.heartbeat++;
      return answer(FOLLOWED);
    }
    const earlier = this.#deliveries.find(notification.id) ?? this.#deliveries.findTwin(notification);
    if (earlier) {
      this.counts.duplicate++;
      if (earlier.status === undefined) earlier.waiting.push(answer);
      else answer(earlier.status);
      return;
    }
    const isChange = ContextStore.isContextChange(notification);
    if (isChange && contexts.isStale(notification)) {
      this.counts.stale++;
      warn(new NotificationError('notification-stale'));
      return answer(FOLLOWED);
    }
    const { deviations, missing, contradiction } = checkContext(
      notification.name,
      notification.context,
      dialect.anonymousClose,
    );
    if (missing || contradiction) {
      this.counts.refused++;
      const code = contradiction ? 'anchor-contradiction' : 'anchor-missing';
      listeners.emit('error', new NotificationError(code, { at: contradiction ?? missing ?? '' }));
      return answer(UNUSABLE);
    }
    for (const at of deviations) warn(new NotificationError('notification-deviation', { at }));
    if (notification.time === undefined) warn(new NotificationError('notification-deviation', { at: 'timestamp' }));
    if (isChange) contexts.apply(notification);
    this.#deliver(notification, answer);
  }

  /** @param answer tells the hub; absent for what the hub did not send and is not told about */
  #deliver(notification: Notification, answer?: (status: number) => void): void {
    const { listeners, acknowledgeWithinMs } = this.#options;
    const delivery = this.#deliveries.remember(notification);
    if (answer) delivery.waiting.push(answer);
    this.counts.delivered++;
    const acknowledgement = new Acknowledgement(
      {
        answer: (status) => {
          delivery.status = status;
          for (const waiting of delivery.waiting.splice(0)) waiting(status);
        },
        late: (reason) => answer && this.#options.late(event, reason),
        failed: (cause, late) => this.#failed(cause, late || !answer),
      },
      acknowledgeWithinMs,
    );
    const isEcho = this.#options.isEcho(notification);
    const event = new FhircastEvent(notification, { source: answer ? 'hub' : 'resync', isEcho }, acknowledgement);
    this.#options.received(event);
    acknowledgement.dispatched(listeners.dispatch(event));
  }

  /**
   * Takes the current context that the hub was asked for. What it adds to what is known reaches the app as an ordinary
   * event, with the source `resync`; events take precedence over it.
   */
  adopt(found: CurrentContext): void {
    const { contexts, topic } = this.#options;
    const name = canonicalName(`${found.type}-open`);
    const notification: Notification = {
      id: found.id ?? `resync-${randomHex(8)}`,
      timestamp: found.timestamp ?? '',
      time: found.time,
      topic,
      hubEvent: name,
      name,
      context: found.context,
      versionId: found.versionId,
      priorVersionId: undefined,
      raw: undefined,
    };
    // Without a time nobody can tell whether it is older than an event that has come meanwhile.
    const isOlder = contexts.latest !== undefined && (found.time === undefined || contexts.isStale(notification));
    if (isOlder || this.#deliveries.find(notification.id) || this.#isKnown(found)) return;
    contexts.apply(notification);
    // What the app decides is the answer for when the hub sends this event after all.
    this.#deliver(notification);
  }

  /** Hubs that give neither id nor time are asked again at every confirmation, and give the same again. */
  #isKnown(found: CurrentContext): boolean {
    const { current } = this.#options.contexts.session;
    return found.id === undefined && JSON.stringify(current?.context) === JSON.stringify(found.context);
  }

  #failed(cause: unknown, late: boolean): void {
    const code = late ? 'listener-failed-late' : 'listener-failed';
    this.#options.listeners.emit('error', new FhircastError(code, { cause }));
  }
}
