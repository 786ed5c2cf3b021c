import { ContextChangeError, type FhircastError } from '../errors/errors.ts';
import type { ContextEntry } from '../events/context.ts';
import type { FhircastEvent } from '../events/event.ts';
import { changesContext, kindOf } from '../events/kind.ts';
import type { Notification } from '../events/notification.ts';
import type { ChangeNotFollowed, ContextChangeOutcome, ContextChangeResult, Resending } from '../following/outcome.ts';
import { OBJECTION_WITHIN_MS } from '../following/sync-status.ts';
import type { HubApi } from '../hub/api.ts';
import { hubTextOf } from '../hub/http.ts';
import { randomHex } from '../web/random.ts';
import { CONFLICT } from '../web/status.ts';
import { after, pause, unref } from '../web/timers.ts';
import { checkChange, missingIn, toContext } from './check-change.ts';

/** The hub that changes are sent to, and who is told what becomes of them. */
export interface ChangesOptions {
  readonly api: HubApi;
  /** How often a change that somebody did not follow is sent again. */
  readonly resends: number;
  /** The same as long as no objection can have been missed; `undefined` while none can be heard. */
  hearing(): number | undefined;
  /** The hub says that its context is another one than this app knows. */
  conflict(): void;
  /** A change is about to be sent again. */
  resend(resending: Resending): void;
  /** A change that is about to be sent leaves something out. */
  warned(warning: FhircastError): void;
}

/** A change of the context, as it is sent. */
interface Change {
  readonly name: string;
  readonly context: readonly ContextEntry[];
  readonly timestamp: string;
}

/** How a change is sent. */
interface SendOptions {
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** The event's id, where it has been sent before and was not answered. */
  readonly id?: string | undefined;
}

/** What is known of a change that was sent, under one id. */
interface Sent extends Change {
  readonly id: string;
  readonly outcome: Promise<ContextChangeOutcome>;
  echo: FhircastEvent | undefined;
  settle(outcome: ContextChangeOutcome): void;
}

/** Nobody waits for objections any more. */
const GIVEN_UP = { kind: 'unknown', objections: 'unheard' } as const;

/** How many changes are remembered: more than a person makes while a hub answers. */
const REMEMBERED = 32;
/** A change is not sent again sooner (STU3, Request Context Change). In milliseconds. */
const RESEND_AFTER_MS = 10_000;

/** The context changes of this app: sending them, and knowing what became of them. */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #sent = new Map<string, Sent>();
  #isClosed = false;
  /** When the latest change was made, in milliseconds since 1970: two of the same time would have no order. */
  #latest = 0;
  /** What ends everything that is sent again, and its timestamp. */
  readonly #resending = new Map<(outcome?: ContextChangeOutcome) => void, string>();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /**
   * Makes a context array of what an app passes, and checks it.
   *
   * @param name the canonical name
   * @param resources an object from key to resource, or a context array
   * @throws ContextChangeError `change-invalid`
   */
  prepare(name: string, resources: unknown): readonly ContextEntry[] {
    const context = toContext(name, resources);
    const { api, warned } = this.#options;
    for (const at of checkChange(name, context, api.dialect.anonymousOpen))
      warned(new ContextChangeError('change-deviation', { at }));
    return context;
  }

  /**
   * Sends a context change that has been prepared.
   *
   * @param name the canonical name
   * @param context what to send
   * @param after the newest event that is known, in milliseconds since 1970: a change is newer than what it replaces, also
   *   where another clock is ahead of ours
   * @param options the id of the event, and what gives it up
   * @throws HubError when the hub cannot be reached
   */
  async send(
    name: string,
    context: readonly ContextEntry[],
    after: number | undefined,
    options: SendOptions = {},
  ): Promise<ContextChangeResult> {
    for (const at of missingIn(name, context)) this.#options.warned(new ContextChangeError('change-deviation', { at }));
    this.#latest = Math.max(Date.now(), Math.floor(after ?? 0) + 1, this.#latest + 1);
    const timestamp = new Date(this.#latest).toISOString();
    const { sent, ok, status, text } = await this.#publish({ name, context, timestamp }, options.signal, options.id);
    const { id } = sent;
    if (!ok) return { accepted: false, id, status, reason: hubTextOf(text) };
    return { accepted: true, id, status, outcome: sent.outcome.then((outcome) => this.#withResending(sent, outcome)) };
  }

  /** The change that was sent last, and its event where it has come back. */
  get latest(): Pick<Sent, 'timestamp' | 'echo'> | undefined {
    return [...this.#sent.values()].pop();
  }

  /** Whether a notification is a change of ours coming back, under our id or under one that the hub made up. */
  isEcho(notification: Notification): boolean {
    return this.#match(notification) !== undefined;
  }

  /** Takes note of an event: an echo, an objection, or a newer context. */
  received(event: FhircastEvent): void {
    for (const { eventId, subscriber, diagnostics } of event.syncErrors) {
      // Before STU2 a SyncError has the id of the event that it is about, and does not name it otherwise.
      const sent = this.#sent.get(eventId ?? event.id);
      sent?.settle({ kind: 'sync-error', subscriber, diagnostics, event, resending: undefined });
    }
    const echo = this.#match(event);
    if (echo) {
      echo.echo ??= event;
      for (const [stop, timestamp] of this.#resending)
        if (timestamp !== echo.timestamp) stop({ kind: 'overtaken', event });
    } else if (changesContext(kindOf(event.name))) this.#overtaken(event);
  }

  /** Takes note of a change of ours that came back, and is not delivered because it has been before. */
  repeated({ id }: Notification): void {
    const sent = this.#sent.get(id);
    if (!sent) return;
    for (const { timestamp, name, echo } of this.#sent.values())
      if (echo && timestamp === sent.timestamp && name === sent.name) sent.echo ??= echo;
  }

  /** Gives up on everything that is not settled. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#resending.keys()) stop();
    for (const sent of this.#sent.values()) sent.settle(GIVEN_UP);
  }

  async #publish(change: Change, signal: AbortSignal | undefined, id = randomHex(16)) {
    const { api } = this.#options;
    const { name, context, timestamp } = change;
    const hubEvent = api.dialect.spell(name)[0] ?? name;
    const body = { timestamp, id, event: { 'hub.topic': api.topic, 'hub.event': hubEvent, context } };
    // Before the request: the change may come back before its answer does.
    const sent = this.#expect(id, change);
    try {
      const { ok, status, text } = await api.publish({ body, name: hubEvent }, signal);
      if (!ok) this.#forget(id);
      if (status === CONFLICT) this.#options.conflict();
      return { sent, ok, status, text };
    } catch (error) {
      this.#forget(id);
      throw error;
    }
  }

  /** A SyncError says that somebody did not follow: the change is sent again until everybody does. */
  #withResending(change: Change, outcome: ContextChangeOutcome): ContextChangeOutcome {
    if (outcome.kind !== 'sync-error' || this.#options.resends === 0 || this.#isClosed) return outcome;
    return { ...outcome, resending: this.#resend(change, outcome) };
  }

  #resend(change: Change, refused: ChangeNotFollowed): Resending {
    const life = new AbortController();
    let last: ContextChangeOutcome = refused;
    let attempts = 0;
    const stop = (outcome: ContextChangeOutcome = last) => {
      last = outcome;
      life.abort();
    };
    const sendAgain = async (): Promise<ContextChangeOutcome> => {
      while (last.kind === 'sync-error' && attempts < this.#options.resends) {
        await pause(RESEND_AFTER_MS, life.signal);
        if (life.signal.aborted) break;
        attempts++;
        this.#options.resend(resending);
        if (life.signal.aborted) break;
        try {
          const { sent, ok } = await this.#publish(change, life.signal);
          // A hub that refuses it now has its reasons.
          if (!ok) break;
          const outcome = await Promise.race([sent.outcome, aborted(life.signal)]);
          if (outcome) last = outcome;
        } catch {
          // Out of reach: the next attempt is as good.
        }
      }
      this.#resending.delete(stop);
      return last;
    };
    const resending: Resending = {
      name: change.name,
      get subscriber() {
        return last.kind === 'sync-error' ? last.subscriber : undefined;
      },
      get attempts() {
        return attempts;
      },
      outcome: sendAgain(),
      stop: () => stop(),
    };
    this.#resending.set(stop, change.timestamp);
    return resending;
  }

  #overtaken(event: FhircastEvent): void {
    const outcome = { kind: 'overtaken', event } as const;
    for (const sent of this.#sent.values()) {
      // What is older than our change was on its way before it, and the change still stands.
      const isOlder = event.time !== undefined && event.time < Date.parse(sent.timestamp);
      if (!isOlder && !sent.echo) sent.settle(outcome);
    }
    for (const stop of this.#resending.keys()) stop(outcome);
  }

  #match({ id, name, timestamp }: Notification | FhircastEvent): Sent | undefined {
    const sent = this.#sent.get(id);
    if (sent) return sent;
    for (const other of this.#sent.values())
      if (!other.echo && other.name === name && other.timestamp === timestamp) return other;
    return undefined;
  }

  #expect(id: string, change: Change): Sent {
    let settle: (outcome: ContextChangeOutcome) => void = () => {};
    const { hearing } = this.#options;
    const heard = hearing();
    const outcome = new Promise<ContextChangeOutcome>((resolve) => {
      const timer = after(OBJECTION_WITHIN_MS, () => {
        const objections = heard !== undefined && heard === hearing() ? 'heard' : 'unheard';
        resolve(sent.echo ? { kind: 'followed', event: sent.echo, objections } : { kind: 'unknown', objections });
      });
      // Waiting for an objection must not keep a process alive.
      unref(timer);
      settle = (settled) => {
        clearTimeout(timer);
        resolve(settled);
      };
    });
    const sent: Sent = { ...change, id, outcome, echo: undefined, settle };
    // Kept when it is settled: an echo may still be on its way.
    this.#sent.set(id, sent);
    if (this.#sent.size > REMEMBERED) {
      const [oldest] = this.#sent.values();
      if (oldest) this.#forget(oldest.id);
    }
    return sent;
  }

  #forget(id: string): void {
    this.#sent.get(id)?.settle(GIVEN_UP);
    this.#sent.delete(id);
  }
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
