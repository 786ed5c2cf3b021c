import { canonicalName } from '../events/names.ts';
import type { Listeners } from '../following/listeners.ts';
import type { StateMachine } from '../following/state.ts';
import type { Chooser } from '../hub/chooser.ts';
import { discoverOnce, rememberedDiscovery } from '../hub/discovery.ts';
import type { HttpOptions } from '../hub/http.ts';
import { machineId, type RawRecord } from '../hub/protocol-records.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { HubNames, Wanted } from '../subscription/wanted-events.ts';
import { after, unref } from '../web/timers.ts';

/** The parts that have to know what the hub says of itself. */
export interface DiscoveryParts {
  readonly chooser: Chooser;
  readonly listeners: Listeners;
  readonly machine: StateMachine;
  readonly subscription: Subscription;
  readonly wanted: Wanted;
}

/** Asks the hub what it says of itself, once and behind the subscription, so that this waits for nothing. */
export class Discovery implements HubNames {
  readonly #parts: DiscoveryParts;
  readonly #hubUrl: string;
  readonly #http: HttpOptions;
  readonly #signal: AbortSignal;
  #asked: Promise<void> | undefined;
  /** Whether the hub has said which events it has, or will not say. */
  #hasAnswered = false;

  /** @param signal ends asking */
  constructor(parts: DiscoveryParts, hubUrl: string, http: HttpOptions, signal: AbortSignal) {
    this.#parts = parts;
    this.#hubUrl = hubUrl;
    this.#http = http;
    this.#signal = signal;
    const { chooser } = parts;
    const remembered = chooser.mayDiscover ? rememberedDiscovery(hubUrl, http) : undefined;
    if (remembered) chooser.discovered(remembered);
  }

  /** The events that the hub lists, by their canonical names; `undefined` while it has not been asked. */
  get listed(): readonly string[] | undefined {
    return this.#hasAnswered ? this.#names : undefined;
  }

  /** Whether the hub has SyncErrors: by its version, and by its list where it has one. */
  get hasSyncErrors(): boolean {
    const names = this.#names;
    return this.#parts.chooser.dialect.sendsSyncErrors && (names.length === 0 || names.includes('SyncError'));
  }

  get #names(): readonly string[] {
    return (this.#parts.chooser.choice.discovery?.eventsSupported ?? []).map(canonicalName);
  }

  /** Tells of every message. The hub is asked when it has answered the request to subscribe, while the socket opens. */
  readonly record = (entry: RawRecord): void => {
    const { listeners, chooser } = this.#parts;
    if (listeners.has('protocol')) {
      const { eventId: id, ...about } = entry;
      const eventId = machineId(id);
      listeners.emit('protocol', { at: Date.now(), ...about, ...(eventId ? { eventId } : {}) });
    }
    const isAnswered = entry.kind === 'subscribe' && entry.direction === 'in';
    if (isAnswered && chooser.mayDiscover && !chooser.choice.discovery) unref(after(0, () => void this.ask()));
  };

  /** The subscription is there: what the hub does not list now, it does not have. */
  subscribed(): void {
    const { chooser } = this.#parts;
    if (!chooser.mayDiscover || chooser.choice.discovery) this.#answered();
  }

  /** Asks. What fails is asked again with the next connection. */
  ask(): Promise<void> {
    const { chooser, machine, subscription } = this.#parts;
    if (machine.state === 'closed') return Promise.resolve();
    this.#asked ??= discoverOnce(this.#hubUrl, this.#http, this.record, this.#signal).then(
      (discovery) => {
        if (machine.state === 'closed') return;
        if (discovery) chooser.discovered(discovery);
        this.#answered();
        // It may have other names for what is subscribed to.
        if (discovery) subscription.schedule();
      },
      () => {
        this.#asked = undefined;
      },
    );
    return this.#asked;
  }

  #answered(): void {
    const { wanted } = this.#parts;
    this.#hasAnswered = true;
    wanted.check(wanted.names);
  }
}
