import { FhircastError, NotificationError } from '../../errors.ts';
import { checkContext } from '../../events/check.ts';
import type { CurrentContext } from '../../events/current-context.ts';
import { eventParts } from '../../events/definitions.ts';
import { FhircastEvent } from '../../events/event.ts';
import { canonicalName } from '../../events/names.ts';
import { messageId, type Notification, parseJson, parseNotification } from '../../events/notification.ts';
import type { Dialect } from '../../hub/dialects/dialect.ts';
import type { Recorder } from '../../hub/protocol.ts';
import { randomHex } from '../../random.ts';
import { type MessageCounts, noCounts } from '../counts.ts';
import type { Listeners } from '../listeners.ts';
import { Acknowledgement, type Progress } from './acknowledgement.ts';
import { ContextStore } from './context-store.ts';
import { Deliveries, type Delivery } from './deliveries.ts';

/** What the inbox needs. */
export interface InboxOptions {
  readonly topic: string;
  /** Which FHIRcast the hub speaks, as far as is known at the moment. */
  dialect(): Dialect;
  readonly listeners: Listeners;
  readonly contexts: ContextStore;
  readonly record: Recorder;
  /** After how long a listener's promise makes the answer 202, in milliseconds. */
  readonly acknowledgeWithinMs: number;
  /** Whether an event is our own change coming back. */
  isEcho(notification: Notification): boolean;
  /** Whether a change of the context may be older than what the hub was asked for, and is taken to be decided later. */
  takes(notification: Notification, answer: Answer): boolean;
  /** The hub closed what is not known to be open. */
  incomplete(notification: Notification): void;
  /** The hub sent a heartbeat. */
  heartbeat(notification: Notification): void;
  /** The hub sent the same change of the context again, under another id. */
  repeated(notification: Notification): void;
  /** An event is about to be given to the app. */
  received(event: FhircastEvent): void;
  /** An event has been given to the app, or the hub told of one that the app has. */
  followed(): void;
  /** The app did not follow, and the hub has been told. */
  refused(event: FhircastEvent, reason: string | undefined): void;
  /** The app did not follow, and why has to be said by a SyncError: the hub had been answered, or its answer holds no reason. */
  late(event: FhircastEvent, reason: string | undefined): void;
  /** How far the app has come with an event that it had not decided about when the hub was answered. */
  progress(event: FhircastEvent, progress: Progress): void;
}

/** Tells the hub a status for the event with an id. */
export type Answer = (status: number, id?: string) => void;

const MALFORMED = 400;
const NOT_OURS = 404;
const UNUSABLE = 422;
const FOLLOWED = 200;
/** From here on, a status says that the app does not follow. */
const REFUSED = 400;

/** Answers as the app decided, or when it has. */
const respond = (delivery: Delivery, answer: Answer): void => {
  if (delivery.status === undefined) delivery.waiting.push(answer);
  else answer(delivery.status);
};

/** The one path of a notification, whichever channel brought it: read, judge, deliver, answer. */
export class Inbox {
  /** How many messages came to what end. */
  readonly counts: MessageCounts = noCounts();
  readonly #options: InboxOptions;
  readonly #deliveries = new Deliveries();
  /** The latest open that was found by asking. */
  #found: Delivery | undefined;

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
      this.judge(notification, (status) => answer(status, notification.id), via === 'webhook');
    } catch (cause) {
      this.counts.malformed++;
      // A message can be too deep for what compares it, and that must not reach the socket either.
      const isOurs = cause instanceof FhircastError;
      const error = isOurs ? cause : new NotificationError('notification-malformed', { at: 'its structure', cause });
      this.#options.listeners.emit('error', error);
      answer(MALFORMED, messageId(message));
    }
  }

  /**
   * Decides what becomes of a notification.
   *
   * @param mayBeRepeated whether others than the hub can send it a second time. On a websocket they cannot
   */
  judge(notification: Notification, answer: Answer, mayBeRepeated = false): void {
    const { dialect, topic } = this.#options;
    if (!dialect().isOurTopic(topic, notification.topic)) {
      this.counts.wrongTopic++;
      this.#warn(new NotificationError('notification-wrong-topic'));
      return answer(NOT_OURS);
    }
    if (notification.name === 'heartbeat') {
      this.counts.heartbeat++;
      this.#options.heartbeat(notification);
      return answer(FOLLOWED);
    }
    if (this.#isKnown(notification, answer)) return;
    if (mayBeRepeated && this.#deliveries.mayBeForgotten(notification)) return this.#dropStale(answer);
    const isTaken = ContextStore.isContextChange(notification) && this.#options.takes(notification, answer);
    if (!isTaken) this.#follow(notification, answer);
  }

  /** Follows an event that was held back, unless it has been delivered or overtaken meanwhile. */
  admit(notification: Notification, answer: Answer): void {
    if (!this.#isKnown(notification, answer)) this.#follow(notification, answer);
  }

  /** Answers what the app need not be told: it has been told, or has something newer. */
  #isKnown(notification: Notification, answer: Answer): boolean {
    if (this.#isRepeated(notification, answer)) return true;
    if (!ContextStore.isContextChange(notification) || !this.#options.contexts.isStale(notification)) return false;
    this.#dropStale(answer);
    return true;
  }

  #dropStale(answer: Answer): void {
    this.#warn(new NotificationError('notification-stale'));
    this.drop(answer);
  }

  #isRepeated(notification: Notification, answer: Answer): boolean {
    const same = this.#deliveries.find(notification.id);
    const earlier = same ?? this.#deliveries.findTwin(notification);
    if (!earlier) return false;
    this.counts.duplicate++;
    this.#options.contexts.told(notification);
    if (!same) this.#options.repeated(notification);
    respond(earlier, answer);
    return true;
  }

  /** Follows an event, if it says what it is about: brings the context up to date, and gives it to the app. */
  #follow(notification: Notification, answer: Answer): void {
    const { listeners, contexts } = this.#options;
    const { deviations, missing, contradiction } = checkContext(
      notification.name,
      notification.context,
      this.#options.dialect().anonymousClose,
    );
    if (missing || contradiction) {
      this.counts.refused++;
      const code = contradiction ? 'anchor-contradiction' : 'anchor-missing';
      listeners.emit('error', new NotificationError(code, { at: contradiction ?? missing ?? '' }));
      return answer(UNUSABLE);
    }
    for (const at of [...(notification.deviations ?? []), ...deviations])
      this.#warn(new NotificationError('notification-deviation', { at }));
    if (notification.time === undefined)
      this.#warn(new NotificationError('notification-deviation', { at: 'timestamp' }));
    const isComplete = !ContextStore.isContextChange(notification) || contexts.apply(notification);
    this.#deliver(notification, answer);
    if (!isComplete) this.#options.incomplete(notification);
  }

  /** Drops an event that is older than what the app has. Its sender need not hear of it. */
  drop(answer: Answer): void {
    this.counts.stale++;
    answer(FOLLOWED);
  }

  /** Takes the event of a context that was found by asking: the app has it and has decided, and now its time is known. */
  recognize(notification: Notification, answer: Answer): void {
    this.counts.duplicate++;
    this.#options.contexts.date(notification);
    this.#options.contexts.told(notification);
    const found = eventParts(notification.name)?.verb === 'open' ? this.#found : undefined;
    if (found) {
      this.#deliveries.alias(notification, found);
      respond(found, answer);
    } else {
      this.#deliveries.remember(notification).status = FOLLOWED;
      answer(FOLLOWED);
    }
    this.#options.followed();
  }

  #warn(error: FhircastError): void {
    this.#options.listeners.emit('warning', error);
  }

  /** @param answer tells the hub; absent for what the hub did not send and is not told about */
  #deliver(notification: Notification, answer?: Answer): Delivery {
    const { listeners, acknowledgeWithinMs } = this.#options;
    const delivery = this.#deliveries.remember(notification);
    if (answer) delivery.waiting.push(answer);
    this.counts.delivered++;
    const acknowledgement = new Acknowledgement(
      {
        answer: (status) => {
          delivery.status = status;
          for (const waiting of delivery.waiting.splice(0)) waiting(status);
          if (status < REFUSED) return;
          const { reason } = acknowledgement;
          this.#options.refused(event, reason);
          // Why the user stays logged in is for everybody (STU3, UserLogout), and the answer has no place for it.
          const isToSay = answer && reason !== undefined && event.name === 'UserLogout';
          if (isToSay && this.#options.dialect().sendsSyncErrors) this.#options.late(event, reason);
        },
        late: (reason) => {
          // When the same is sent again, the app is asked again.
          delivery.status = REFUSED;
          this.#options.refused(event, reason);
          if (answer) this.#options.late(event, reason);
        },
        // Nobody but the hub waits for a decision.
        progress: (progress) => (answer || progress !== 'overdue') && this.#options.progress(event, progress),
        failed: (cause, late) => this.#failed(cause, late || !answer),
      },
      acknowledgeWithinMs,
    );
    const isEcho = this.#options.isEcho(notification);
    const event = new FhircastEvent(notification, { source: answer ? 'hub' : 'resync', isEcho }, acknowledgement);
    this.#options.received(event);
    acknowledgement.dispatched(listeners.dispatch(event));
    this.#options.followed();
    return delivery;
  }

  /**
   * Whether a context that the hub was asked for says nothing that the app does not know better by its events.
   *
   * @param isCertain whether the hub told it in the form of its version. One that does not keeps it badly too: the sandbox hubs'
   *   answers outlive a close
   */
  isKnownOrOlder({ id, time }: CurrentContext, isCertain: boolean): boolean {
    const { contexts } = this.#options;
    if (id !== undefined && this.#deliveries.find(id)) return true;
    if (contexts.latest === undefined) return false;
    if (time === undefined) return !isCertain;
    return contexts.since !== undefined && time < contexts.since;
  }

  /** Takes a context that the hub was asked for. It reaches the app as an ordinary event, with the source `resync`. */
  adoptOpen(found: CurrentContext): void {
    this.#found = this.#adopt(`${found.type}-open`, found, {
      id: found.id,
      timestamp: found.timestamp,
      time: found.time,
      versionId: found.versionId,
    });
  }

  /** Closes a context that the hub does not have any more. */
  adoptClose(closed: CurrentContext): void {
    this.#adopt(`${closed.type}-close`, closed, {});
  }

  #adopt(hubEvent: string, { context }: CurrentContext, facts: Partial<CurrentContext>): Delivery {
    const notification: Notification = {
      id: facts.id ?? `resync-${randomHex(8)}`,
      timestamp: facts.timestamp ?? '',
      time: facts.time,
      topic: this.#options.topic,
      hubEvent,
      name: canonicalName(hubEvent),
      context,
      versionId: facts.versionId,
      priorVersionId: undefined,
      raw: undefined,
    };
    this.#options.contexts.apply(notification);
    // What the app decides is the answer for when the hub sends this event after all.
    return this.#deliver(notification);
  }

  #failed(cause: unknown, late: boolean): void {
    const code = late ? 'listener-failed-late' : 'listener-failed';
    this.#options.listeners.emit('error', new FhircastError(code, { cause }));
  }
}
