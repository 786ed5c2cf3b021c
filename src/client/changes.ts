import { ContextChangeError, type NotificationError } from '../errors.ts';
import { checkContext } from '../events/check.ts';
import type { ContextEntry } from '../events/context.ts';
import { contextDefinition } from '../events/definitions.ts';
import type { FhircastEvent } from '../events/event.ts';
import { type Notification, parseContext } from '../events/notification.ts';
import type { HubApi } from '../hub/api.ts';
import { hubTextOf } from '../hub/http.ts';
import { randomHex } from '../random.ts';
import { ContextStore } from './context-store.ts';

/** The change came back from the hub, and nobody objected in time. */
export interface ChangeFollowed {
  /** What became of the change. */
  readonly kind: 'followed';
  /** The change as it came back. */
  readonly event: FhircastEvent;
}

/** An app did not follow, or the hub took its acceptance back. */
export interface ChangeNotFollowed {
  /** What became of the change. */
  readonly kind: 'sync-error';
  /** Who did not follow, by its `subscriber.name`. */
  readonly subscriber: string | undefined;
  /** Text for humans. */
  readonly diagnostics: string | undefined;
  /** The SyncError. */
  readonly event: FhircastEvent;
}

/** A newer context came before anything was heard of the change. */
export interface ChangeOvertaken {
  /** What became of the change. */
  readonly kind: 'overtaken';
  /** The event that made the newer context. */
  readonly event: FhircastEvent;
}

/** Nothing was heard of the change in time, or this client is not subscribed to its event. */
export interface ChangeUnknown {
  /** What became of the change. */
  readonly kind: 'unknown';
}

/** What became of a context change that the hub had accepted. */
export type ContextChangeOutcome = ChangeFollowed | ChangeNotFollowed | ChangeOvertaken | ChangeUnknown;

/** The hub took the change, which does not yet mean that anybody follows. */
export interface ChangeAccepted {
  /** Whether the hub took the change. */
  readonly accepted: true;
  /** The event's identifier. */
  readonly id: string;
  /** The HTTP status. */
  readonly status: number;
  /** What became of it among the other apps. Settles within 12 seconds, and never rejects. */
  readonly outcome: Promise<ContextChangeOutcome>;
}

/** The hub refused the change. */
export interface ChangeRefused {
  /** Whether the hub took the change. */
  readonly accepted: false;
  /** The event's identifier. */
  readonly id: string;
  /** The HTTP status. */
  readonly status: number;
  /** The hub's text, meant for the developer. */
  readonly reason: string;
}

/** What the hub said to a context change. */
export type ContextChangeResult = ChangeAccepted | ChangeRefused;

/** What is known of a change that was sent. */
interface Sent {
  readonly id: string;
  readonly name: string;
  readonly timestamp: string;
  echo: FhircastEvent | undefined;
  settle(outcome: ContextChangeOutcome): void;
}

/** A subscriber has 10 seconds to object (STU3, Event Notification Response), and its objection has to travel. */
const OUTCOME_WITHIN_MS = 12_000;

/** How many changes are remembered: more than a person makes while a hub answers. */
const REMEMBERED = 32;

/** The context changes of this app: sending them, and knowing what became of them. */
export class Changes {
  readonly #api: HubApi;
  readonly #sent = new Map<string, Sent>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(api: HubApi) {
    this.#api = api;
  }

  /**
   * Sends a context change that has been checked.
   *
   * @param name the canonical name
   * @param context what to send
   * @param after the newest event that is known, in milliseconds since 1970: a change is newer than what it replaces, also
   *   where another clock is ahead of ours
   * @throws HubError when the hub cannot be reached
   */
  async send(
    name: string,
    context: readonly ContextEntry[],
    after: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ContextChangeResult> {
    const { dialect, topic } = this.#api;
    const id = randomHex(16);
    const timestamp = new Date(Math.max(Date.now(), Math.floor(after ?? 0) + 1)).toISOString();
    const hubEvent = dialect.spell(name)[0] ?? name;
    const body = { timestamp, id, event: { 'hub.topic': topic, 'hub.event': hubEvent, context } };

    // Before the request: the change may come back before its answer does.
    const outcome = this.#expect(id, name, timestamp);
    let answer: Awaited<ReturnType<HubApi['publish']>>;
    try {
      answer = await this.#api.publish({ body, name: hubEvent }, signal);
    } catch (error) {
      this.#forget(id);
      throw error;
    }
    const { ok, status } = answer;
    if (ok) return { accepted: true, id, status, outcome };
    this.#forget(id);
    return { accepted: false, id, status, reason: hubTextOf(answer.text) };
  }

  /** Whether a notification is a change of ours coming back, under our id or under one that the hub made up. */
  isEcho(notification: Notification): boolean {
    return this.#match(notification) !== undefined;
  }

  /** Takes note of an event: an echo, an objection, or a newer context. */
  received(event: FhircastEvent): void {
    const objection = event.syncError;
    if (objection) {
      const sent = objection.eventId === undefined ? undefined : this.#sent.get(objection.eventId);
      sent?.settle({ kind: 'sync-error', subscriber: objection.subscriber, diagnostics: objection.diagnostics, event });
      return;
    }
    const echo = this.#match(event);
    if (echo) echo.echo ??= event;
    else if (ContextStore.isContextChange(event))
      for (const sent of this.#sent.values()) {
        // What is older than our change was on its way before it, and the change still stands.
        const isOlder = event.time !== undefined && event.time < Date.parse(sent.timestamp);
        if (!sent.echo && !isOlder) sent.settle({ kind: 'overtaken', event });
      }
  }

  /** Gives up on everything that is not settled. */
  close(): void {
    for (const sent of this.#sent.values()) sent.settle({ kind: 'unknown' });
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #match({ id, name, timestamp }: Notification | FhircastEvent): Sent | undefined {
    const sent = this.#sent.get(id);
    if (sent) return sent;
    for (const other of this.#sent.values())
      if (!other.echo && other.name === name && other.timestamp === timestamp) return other;
    return undefined;
  }

  #expect(id: string, name: string, timestamp: string): Promise<ContextChangeOutcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        sent.settle(sent.echo ? { kind: 'followed', event: sent.echo } : { kind: 'unknown' });
      }, OUTCOME_WITHIN_MS);
      // Waiting for an objection must not keep a process alive.
      (timer as { unref?: () => void }).unref?.();
      this.#timers.add(timer);
      const sent: Sent = {
        id,
        name,
        timestamp,
        echo: undefined,
        settle: (outcome) => {
          clearTimeout(timer);
          this.#timers.delete(timer);
          resolve(outcome);
        },
      };
      // Kept when it is settled: an echo may still be on its way.
      this.#sent.set(id, sent);
      if (this.#sent.size > REMEMBERED) {
        const [oldest] = this.#sent.values();
        if (oldest) this.#forget(oldest.id);
      }
    });
  }

  #forget(id: string): void {
    this.#sent.get(id)?.settle({ kind: 'unknown' });
    this.#sent.delete(id);
  }
}

/**
 * Refuses a context that does not fit the definition of its event.
 *
 * @param name the canonical name
 * @param context what is to be sent
 * @throws ContextChangeError `change-invalid`
 */
export function checkChange(name: string, context: readonly ContextEntry[]): void {
  try {
    parseContext(context, 'context');
  } catch (error) {
    throw new ContextChangeError('change-invalid', { at: (error as NotificationError).at ?? 'context' });
  }
  const { deviations, missing, contradiction } = checkContext(name, context);
  const fault = contradiction
    ? `${contradiction} contradicts the event`
    : missing
      ? `${missing} is missing`
      : deviations[0];
  if (fault) throw new ContextChangeError('change-invalid', { at: fault });
}

/**
 * Makes a context array of what an app passes: an object from key to resource (or to several), or a context array.
 *
 * @param name the canonical name
 * @param resources what the app passed
 */
export function toContext(name: string, resources: unknown): readonly ContextEntry[] {
  if (Array.isArray(resources)) return resources;
  const many = contextDefinition(name)?.flatMap(({ key, many }) => (many ? [key] : [])) ?? [];
  return Object.entries((resources ?? {}) as Record<string, unknown>).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const entries = Array.isArray(value) && many.includes(key) ? value : [value];
    return entries.map((entry) => ({ key, [isReference(entry) ? 'reference' : 'resource']: entry }) as ContextEntry);
  });
}

const isReference = (value: unknown): boolean => {
  const { resourceType, reference } = value as { resourceType?: unknown; reference?: unknown };
  return resourceType === undefined && reference !== undefined;
};
