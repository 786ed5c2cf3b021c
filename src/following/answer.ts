import type { EventDecision } from '../events/event.ts';
import { ACCEPTED, CONFLICT, OK, SERVER_ERROR } from '../web/status.ts';
import { after, type Timer, unref } from '../web/timers.ts';
import type { Reaction } from './listeners.ts';

/**
 * How far an app has come with an event that it had not decided about when the hub was answered: it is still at work
 * (`undecided`), the hub waits no longer (`overdue`), or it follows after all (`decided`).
 */
export type Progress = 'undecided' | 'overdue' | 'decided';

/** What the hub is told, and what the app is told of it. */
export interface AcknowledgementTargets {
  /** Tells the hub a status. Called exactly once. */
  answer(status: number): void;
  /** The app did not follow after the hub had been answered: the hub has to hear of it in another way. */
  late(reason: string | undefined): void;
  /** How far an app has come that had not decided when the hub was answered. */
  progress(progress: Progress): void;
  /** A listener failed. */
  failed(cause: unknown, late: boolean): void;
}

/** After how long a hub that was told 202 takes silence for consent (STU3, Event Notification Response). In milliseconds. */
const DECIDE_WITHIN_MS = 10_000;

/** Turns what listeners do with one event into the one answer that the hub gets. */
export class Acknowledgement implements EventDecision {
  readonly #targets: AcknowledgementTargets;
  readonly #timeoutMs: number;
  #pending = 0;
  #dispatching = true;
  #status = OK;
  #reason: string | undefined;
  #answered = false;
  /** The hub knows that the app does not follow. */
  #objected = false;
  /** The hub knows that the app is still at work. */
  #isUndecided = false;
  #timer: Timer;

  /**
   * @param targets who is told
   * @param timeoutMs after how long the hub is told 202, in milliseconds
   */
  constructor(targets: AcknowledgementTargets, timeoutMs: number) {
    this.#targets = targets;
    this.#timeoutMs = timeoutMs;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    this.#pending++;
    promise.then(
      () => this.#settled(),
      (cause: unknown) => {
        this.#fail(cause);
        this.#settled();
      },
    );
  }

  /** Why the app does not follow, in its own words. */
  get reason(): string | undefined {
    return this.#reason;
  }

  refuse(reason: string): void {
    this.#reason = reason;
    this.#decide(CONFLICT);
  }

  /** Every listener has been called. */
  dispatched(reaction: Reaction): void {
    for (const cause of reaction.failures) this.#fail(cause);
    for (const promise of reaction.promises) this.waitUntil(promise);
    this.#dispatching = false;
    if (this.#pending === 0) this.#answer(this.#status);
    else {
      // A refusal or a failure stands, though other listeners are still at work.
      this.#later(this.#timeoutMs, () => this.#answer(this.#status === OK ? ACCEPTED : this.#status));
    }
  }

  #later(ms: number, act: () => void): void {
    this.#timer = after(ms, act);
    // A listener that never settles must not keep a process alive.
    unref(this.#timer);
  }

  #fail(cause: unknown): void {
    this.#targets.failed(cause, this.#answered);
    this.#decide(SERVER_ERROR);
  }

  /** A refusal outweighs a failure: it says more. */
  #decide(status: number): void {
    if (this.#status !== CONFLICT) this.#status = status;
    if (!this.#answered || this.#objected) return;
    this.#objected = true;
    clearTimeout(this.#timer);
    this.#targets.late(this.#reason);
  }

  #settled(): void {
    this.#pending--;
    if (this.#pending > 0 || this.#dispatching) return;
    this.#answer(this.#status);
    if (!this.#isUndecided || this.#objected) return;
    this.#isUndecided = false;
    clearTimeout(this.#timer);
    this.#targets.progress('decided');
  }

  #answer(status: number): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#objected = status === CONFLICT || status === SERVER_ERROR;
    clearTimeout(this.#timer);
    this.#targets.answer(status);
    if (status !== ACCEPTED) return;
    this.#isUndecided = true;
    this.#later(DECIDE_WITHIN_MS - this.#timeoutMs, () => this.#targets.progress('overdue'));
    this.#targets.progress('undecided');
  }
}
