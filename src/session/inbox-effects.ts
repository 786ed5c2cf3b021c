import type { FhircastEvent } from '../events/event.ts';
import { changesContext, kindOf } from '../events/kind.ts';
import type { Notification } from '../events/notification.ts';
import type { Progress } from '../following/answer.ts';
import type { ContextStore } from '../following/context-store.ts';
import type { InboxOptions, Recovery } from '../following/inbox.ts';
import type { Listeners } from '../following/listeners.ts';
import type { SyncDoubt } from '../following/sync-facts.ts';
import type { Dialect } from '../hub/dialect.ts';
import type { Recorder } from '../hub/protocol-records.ts';
import type { SessionParts } from './parts.ts';

/** Tells the other parts of a client what came of a notification. */
export class InboxEffects implements InboxOptions {
  readonly topic: string;
  readonly acknowledgeWithinMs: number;
  readonly record: Recorder;
  readonly listeners: Listeners;
  readonly contexts: ContextStore;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts, topic: string, acknowledgeWithinMs: number) {
    this.topic = topic;
    this.acknowledgeWithinMs = acknowledgeWithinMs;
    this.record = parts.discovery.record;
    this.listeners = parts.listeners;
    this.contexts = parts.contexts;
    this.#parts = parts;
  }

  dialect(): Dialect {
    return this.#parts.chooser.dialect;
  }

  isEcho(notification: Notification): boolean {
    const { changesMade, tap } = this.#parts;
    return !!(changesMade?.isEcho(notification) || tap?.isEcho(notification));
  }

  /** It is made after the inbox. */
  get recovery(): Recovery {
    return this.#parts.catchUp;
  }

  doubted(why: SyncDoubt): void {
    this.#parts.sync.doubted(why);
    this.#parts.catchUp.doubt();
  }

  incomplete({ name }: Notification): void {
    // Who does not listen to the opens misses them all.
    if (this.#parts.wanted.names.includes(name.replace(/close$/, 'open'))) this.#parts.catchUp.doubt();
  }

  heartbeat(notification: Notification): void {
    this.#parts.liveness.heartbeat(periodOf(notification));
  }

  repeated(notification: Notification, isLast: boolean): void {
    this.#parts.sync.sentAgain(notification.id, isLast);
    this.#parts.changesMade?.repeated(notification);
  }

  received(event: FhircastEvent): void {
    const { liveness, sync, contexts, wanted, catchUp, changesMade, tap } = this.#parts;
    liveness.event();
    if (changesContext(kindOf(event.name))) sync.contextChanged(event, contexts.current);
    else if (sync.objected(event, (name) => wanted.names.includes(name))) catchUp.doubt();
    changesMade?.received(event);
    tap?.received(event);
  }

  settled(): void {
    this.#parts.settled();
  }

  refused(event: FhircastEvent, reason: string | undefined): void {
    this.#parts.sync.refusedByUs(event, reason);
  }

  late(event: FhircastEvent, reason: string | undefined): void {
    void this.#parts.lateRefusals.refused(event, reason);
  }

  progress(event: FhircastEvent, progress: Progress): void {
    if (progress === 'overdue') this.#parts.lateRefusals.overdue(event);
    else this.#parts.sync[progress](event);
  }
}

/** How often a hub says that its heartbeats come, in milliseconds. Medplum writes seconds as a decimal in a text. */
const periodOf = ({ context }: Notification): number | undefined => {
  const { decimal } = (context.find(({ key }) => key === 'period') ?? {}) as { decimal?: unknown };
  const seconds = Number(decimal);
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
};
