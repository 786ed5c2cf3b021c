import { FhircastError, NotificationError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { FhircastEvent } from '../events/event.ts';
import { changesContext, isOfContent, kindOf } from '../events/kind.ts';
import { canonicalName } from '../events/names.ts';
import { idInText, type Notification, parseJson, parseNotification } from '../events/notification.ts';
import type { Dialect } from '../hub/dialect.ts';
import type { Recorder } from '../hub/protocol-records.ts';
import { randomHex } from '../web/random.ts';
import { ACCEPTED, BAD_REQUEST, NOT_FOUND, OK, UNPROCESSABLE_CONTENT } from '../web/status.ts';
import { Acknowledgement, type Progress } from './answer.ts';
import type { ContextStore } from './context-store.ts';
import { type MessageCounts, noCounts } from './counts.ts';
import { type Delivery, Duplicates, REFUSED_FROM } from './duplicates.ts';
import { type JudgeState, judge, type Verdict } from './judge.ts';
import type { Listeners } from './listeners.ts';
import { Shown } from './shown.ts';
import type { SyncDoubt } from './sync-facts.ts';

/** What an inbox uses of catching up with the hub. */
export interface Recovery {
  /** Whether the hub may be sending again what was open before the connection. */
  readonly mayReplay: boolean;
  /** Whether a change of the context may be older than what the hub was asked for, and is taken to be decided later. */
  takes(notification: Notification, answer: Answer): boolean;
  /** Whether an event is taken that is older than what the app has, to be decided by the hub: clocks differ. */
  takesStale(notification: Notification, answer: Answer): boolean;
  /**
   * What was taken for a repetition, or for derived by the hub, may have been an act of its own.
   */
  hint(): unknown;
  /**
   * The hub sent again what had been open before the connection of the moment.
   *
   * @returns whether it can be a replay. Later, somebody has sent it once more
   */
  replayed(): boolean;
  /** An event has been given to the app, or the hub told of one that the app has. `establishes`: it says what is current. */
  followed(establishes: boolean, time: number | undefined): void;
}

/** The session of an inbox, and who hears what came of a notification. */
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
  /** What asks the hub, and waits for its word. */
  readonly recovery: Recovery;
  /** The client refused or dropped what may have changed the context. */
  doubted(why: SyncDoubt): void;
  /** The hub closed what is not known to be open. */
  incomplete(notification: Notification): void;
  /** The hub sent a heartbeat. */
  heartbeat(notification: Notification): void;
  /** The hub sent the same change of the context again, under another id. `isLast`: nothing came between. */
  repeated(notification: Notification, isLast: boolean): void;
  /** An event is about to be given to the app. */
  received(event: FhircastEvent): void;
  /** The context of the session, or what the app shows, may have changed. */
  settled(): void;
  /** The app did not follow, and the hub has been told. */
  refused(event: FhircastEvent, reason: string | undefined): void;
  /** The app did not follow, and why has to be said by a SyncError: the hub had been answered, or its answer holds no reason. */
  late(event: FhircastEvent, reason: string | undefined): void;
  /** How far the app has come with an event that it had not decided about when the hub was answered. */
  progress(event: FhircastEvent, progress: Progress): void;
}

/** Tells the hub a status for the event with an id, which is written as a number where the hub wrote it so. */
export type Answer = (status: number, id?: string, isNumericId?: boolean) => void;

/** Answers as the app decided, or when it has. */
const respond = (delivery: Delivery, answer: Answer): void => {
  delivery.isFound = false;
  if (delivery.status === undefined) delivery.waiting.push(answer);
  else answer(delivery.status);
};

/** The one path of a notification, whichever channel brought it: read, judge, deliver, answer. */
export class Inbox {
  /** How many messages came to what end. */
  readonly counts: MessageCounts = noCounts();
  /** What the app shows. */
  readonly shown = new Shown();
  readonly #options: InboxOptions;
  readonly #duplicates = new Duplicates();
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
    try {
      const notification = parseNotification(parseJson(text), text);
      const { id, isNumericId } = notification;
      this.#options.record({ direction: 'in', via, kind: 'notification', event: notification.hubEvent, eventId: id });
      this.take(notification, (status) => answer(status, id, isNumericId), via === 'webhook');
    } catch (cause) {
      this.counts.malformed++;
      const isOurs = cause instanceof FhircastError;
      const error = isOurs ? cause : new NotificationError('notification-malformed', { at: 'its structure', cause });
      this.#options.listeners.emit('error', error);
      this.#options.doubted('event-refused');
      const { id, isNumeric } = idInText(text);
      answer(BAD_REQUEST, id, isNumeric);
    }
  }

  /** What happened until this time was delivered before: whoever sends it again, sends it to be shown as new. */
  forgetUntil(time: number): void {
    this.#duplicates.forgetUntil(time);
  }

  /**
   * Judges a notification, and carries the verdict out.
   *
   * @param mayBeSentAgain whether others than the hub can send it a second time. On a websocket they cannot
   */
  take(notification: Notification, answer: Answer, mayBeSentAgain = false): void {
    const { contexts } = this.#options;
    const verdict = judge(notification, this.#state(), mayBeSentAgain);
    switch (verdict.kind) {
      case 'foreign':
        this.counts.wrongTopic++;
        this.#warn(new NotificationError('notification-wrong-topic'));
        return answer(NOT_FOUND);
      case 'heartbeat':
        this.counts.heartbeat++;
        this.#options.heartbeat(notification);
        return answer(OK);
      case 'repeated':
        this.counts.duplicate++;
        if (verdict.isTwin) {
          this.#duplicates.know(notification, verdict.delivery);
          this.#options.repeated(notification, verdict.delivery.changes === contexts.changes);
        }
        if (!(contexts.told(notification) && this.#options.recovery.replayed()) && verdict.doubt === 'slight')
          this.#options.recovery.hint();
        if (verdict.doubt === 'strong') this.#options.doubted('stale-dropped');
        return respond(verdict.delivery, answer);
      case 'refused':
        this.counts.refused++;
        this.#options.listeners.emit('error', new NotificationError(verdict.code, { at: verdict.at }));
        if (changesContext(notification.kind)) this.#options.doubted('event-refused');
        return answer(UNPROCESSABLE_CONTENT);
      case 'stale':
        if (verdict.isDoubtful && this.#options.recovery.takesStale(notification, answer)) return;
        return this.#dropStale(answer, verdict);
      case 'followed':
        if (changesContext(notification.kind) && this.#options.recovery.takes(notification, answer)) return;
        return this.#follow(notification, answer, verdict.deviations);
    }
  }

  /**
   * Follows an event that was held back until the hub had been asked.
   *
   * @param isDecided whether the hub's answer says that it counts, whatever its time says
   */
  admit(notification: Notification, answer: Answer, isDecided: boolean): void {
    const verdict = judge(notification, this.#state(), false);
    if (verdict.kind === 'followed') this.#follow(notification, answer, verdict.deviations);
    else if (verdict.kind === 'stale' && isDecided) this.#follow(notification, answer, []);
    else if (verdict.kind === 'stale') this.#dropStale(answer, verdict);
    else this.take(notification, answer);
  }

  #state(): JudgeState {
    const { topic, contexts, recovery } = this.#options;
    const dialect = this.#options.dialect();
    return { topic, contexts, dialect, mayReplay: recovery.mayReplay, duplicates: this.#duplicates };
  }

  #dropStale(answer: Answer, { isDoubtful }: Extract<Verdict, { kind: 'stale' }>): void {
    this.drop(answer);
    if (isDoubtful) this.#options.doubted('stale-dropped');
  }

  /** Drops an event that is older than what the app has. Its sender need not hear of it. */
  drop(answer: Answer): void {
    this.counts.stale++;
    this.#warn(new NotificationError('notification-stale'));
    answer(OK);
  }

  /** Takes the event of a context that was found by asking: the app has it and has decided, and now its time is known. */
  recognize(notification: Notification, answer: Answer): void {
    this.counts.duplicate++;
    this.#options.contexts.date(notification);
    this.#options.contexts.told(notification);
    const found = notification.kind === 'open' ? this.#found : undefined;
    if (found) {
      this.#duplicates.alias(notification, found);
      respond(found, answer);
    } else {
      this.#duplicates.remember(notification, this.#options.contexts.changes).status = OK;
      answer(OK);
    }
    this.#options.recovery.followed(found !== undefined, notification.time);
  }

  /**
   * Takes a context that the hub was asked for. It reaches the app as an ordinary event, with the source `resync`.
   *
   * @param length of the hub's answer, in characters
   */
  adoptOpen(found: CurrentContext, length = 0): void {
    this.#found = this.#adopt(`${found.type}-open`, found, found, length);
  }

  /** Closes a context that the hub does not have any more. */
  adoptClose(closed: CurrentContext): void {
    this.#adopt(`${closed.type}-close`, closed, {});
  }

  /** Brings the context up to date, and gives the event to the app. */
  #follow(notification: Notification, answer: Answer, deviations: readonly string[]): void {
    const { contexts } = this.#options;
    for (const at of deviations) this.#warn(new NotificationError('notification-deviation', { at }));
    if (notification.time === undefined)
      this.#warn(new NotificationError('notification-deviation', { at: 'timestamp' }));
    const wasCurrent = contexts.note(notification);
    const isDerived = contexts.isDerived(notification, this.#options.dialect().derivesEvents);
    const isComplete = !changesContext(notification.kind) || contexts.apply(notification, isDerived);
    this.#deliver(notification, wasCurrent, !isDerived && notification.kind !== 'close', answer);
    // A publisher with one id for all events may have opened it by itself.
    if (isDerived && !this.#options.dialect().derivesEvents) this.#options.recovery.hint();
    if (!isComplete) this.#options.incomplete(notification);
  }

  #warn(error: FhircastError): void {
    this.#options.listeners.emit('warning', error);
  }

  /**
   * @param wasCurrent whether it is about what was current before it
   * @param answer tells the hub; absent for what the hub did not send and is not told about
   */
  #deliver(notification: Notification, wasCurrent: boolean, isEstablishing: boolean, answer?: Answer): Delivery {
    const { listeners, acknowledgeWithinMs, contexts } = this.#options;
    const delivery = this.#duplicates.remember(notification, contexts.changes, !answer);
    if (answer) delivery.waiting.push(answer);
    this.counts.delivered++;
    const decision = changesContext(notification.kind) ? this.shown.add(contexts.step, notification.length) : undefined;
    const decided = (follows: boolean) => {
      if (!decision) return;
      this.shown.decide(decision, follows);
      this.#options.settled();
    };
    const acknowledgement = new Acknowledgement(
      {
        answer: (status) => {
          delivery.status = status;
          for (const waiting of delivery.waiting.splice(0)) waiting(status);
          const { reason } = acknowledgement;
          const isRefusal = status >= REFUSED_FROM;
          // Whoever is told that the app shows something else is told at the same time why.
          if (isRefusal) this.#options.refused(event, reason);
          if (status !== ACCEPTED) decided(!isRefusal);
          if (!isRefusal) return;
          // Why the user stays logged in is for everybody (STU3, UserLogout), and the answer has no place for it.
          const isToSay = answer && reason !== undefined && event.name === 'UserLogout';
          if (isToSay && this.#options.dialect().sendsSyncErrors) this.#options.late(event, reason);
        },
        late: (reason) => {
          // When the same is sent again under another id, the app is asked again.
          delivery.isRefusedLate = true;
          this.#options.refused(event, reason);
          decided(false);
          // No SyncError is sent about content (STU3, SyncError).
          if (answer && !isOfContent(notification.kind)) this.#options.late(event, reason);
        },
        // Nobody but the hub waits for a decision.
        progress: (progress) => {
          if (progress === 'decided') decided(true);
          if (answer || progress !== 'overdue') this.#options.progress(event, progress);
        },
        failed: (cause, late) => this.#failed(cause, late || !answer),
      },
      acknowledgeWithinMs,
    );
    const isEcho = this.#options.isEcho(notification);
    const isCurrent = notification.kind === 'close' ? wasCurrent : contexts.note(notification);
    const source = answer ? 'hub' : 'resync';
    const event = new FhircastEvent(notification, { source, isEcho, isCurrent }, acknowledgement);
    this.#options.received(event);
    acknowledgement.dispatched(listeners.dispatch(event));
    if (decision) this.#options.settled();
    this.#options.recovery.followed(isEstablishing && changesContext(notification.kind), answer && notification.time);
    return delivery;
  }

  #adopt(hubEvent: string, { context }: CurrentContext, facts: Partial<CurrentContext>, length = 0): Delivery {
    const name = canonicalName(hubEvent);
    const notification: Notification = {
      id: facts.id ?? `resync-${randomHex(8)}`,
      timestamp: facts.timestamp ?? '',
      time: facts.time,
      topic: this.#options.topic,
      hubEvent,
      name,
      kind: kindOf(name),
      context,
      versionId: facts.versionId,
      priorVersionId: undefined,
      raw: undefined,
      length,
    };
    const wasCurrent = this.#options.contexts.note(notification);
    this.#options.contexts.apply(notification, false, true);
    // What the app decides is the answer for when the hub sends this event after all.
    return this.#deliver(notification, wasCurrent, notification.kind === 'open');
  }

  #failed(cause: unknown, late: boolean): void {
    const code = late ? 'listener-failed-late' : 'listener-failed';
    this.#options.listeners.emit('error', new FhircastError(code, { cause }));
  }
}
