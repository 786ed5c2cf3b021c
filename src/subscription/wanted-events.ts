import { FhircastError } from '../errors/errors.ts';
import { isKnownName } from '../events/known-names.ts';
import type { Listeners } from '../following/listeners.ts';
import type { Subscribed } from '../following/session-events.ts';
import { uncovered } from '../launch/scopes.ts';
import { UNAUTHORIZED } from '../web/status.ts';

/** What decides which events the hub is asked for. */
export interface WantedOptions {
  readonly listeners: Listeners;
  /** The canonical names that are subscribed to whoever listens; `undefined` for what is listened to. */
  readonly pinned: readonly string[] | undefined;
  /** The granted scopes; `undefined` when they are not known. */
  readonly scope: string | undefined;
  readonly hub: HubNames;
}

/** What is known at the moment of the events that the hub has. */
export interface HubNames {
  /** The canonical names that the hub lists; `undefined` until it is known whether it lists any. */
  readonly listed: readonly string[] | undefined;
  /** Whether the hub has an event for an app that did not follow. */
  readonly hasSyncErrors: boolean;
}

/** How many names are remembered that were checked: listeners come and go. */
const MOST_CHECKED = 256;
/** Longer than any name. In characters. */
const LONGEST_NAME = 128;
const OBJECTION = 'SyncError';

/** Which events the hub is asked for: what is listened to, and the objections of others, where the hub has them. */
export class Wanted {
  readonly #options: WantedOptions;
  /** The hub's word on objections that nobody listens to; `undefined` before it. */
  #objections: 'taken' | 'refused' | undefined;
  #reportedScopes = '';
  #reportedGrant = '';
  readonly #checked = new Set<string>();
  /** What was listened to although the app pins other events. */
  readonly #unsubscribed = new Set<string>();

  constructor(options: WantedOptions) {
    this.#options = options;
  }

  /** The canonical names. What the granted scopes do not cover is reported, once. */
  get names(): readonly string[] {
    const names = this.#ownNames;
    this.check(names);
    this.#checkPinned();
    const missing = this.#uncovered(names);
    if (missing.length > 0 && this.#reportedScopes !== missing.join()) {
      this.#reportedScopes = missing.join();
      this.#options.listeners.emit('warning', new FhircastError('scope-missing', { at: missing.join(', ') }));
    }
    return this.#addsObjections ? [...names, OBJECTION] : names;
  }

  /** Reports what is listened to and will not come, because the app pins other events: once for each name. */
  #checkPinned(): void {
    const { listeners, pinned } = this.#options;
    if (!pinned || pinned.includes('*')) return;
    for (const name of listeners.names) {
      if (pinned.includes(name) || this.#unsubscribed.has(name)) continue;
      if (this.#unsubscribed.size >= MOST_CHECKED) this.#unsubscribed.clear();
      this.#unsubscribed.add(name);
      listeners.emit('warning', new FhircastError('event-not-subscribed', { at: name.slice(0, LONGEST_NAME) }));
    }
  }

  /** Reports the names of which neither the specification nor the hub has an event, once each: they are mistyped, perhaps. */
  check(names: readonly string[]): void {
    const { hub, listeners } = this.#options;
    const isNew = (name: string) => !this.#checked.has(name);
    const known = names.some(isNew) ? hub.listed : undefined;
    if (!known) return;
    const fresh = names.filter(isNew);
    if (this.#checked.size + fresh.length > MOST_CHECKED) this.#checked.clear();
    for (const name of fresh) {
      this.#checked.add(name);
      if (isKnownName(name) || known.includes(name)) continue;
      listeners.emit('warning', new FhircastError('event-unknown', { at: name.slice(0, LONGEST_NAME) }));
    }
  }

  /** Whether a hub that refused a subscription may take one without the objections, which the app did not ask for. */
  mayDropObjections({ retryable, status = 0 }: FhircastError): boolean {
    const isRefusal = !retryable && status >= 400 && status < 500 && status !== UNAUTHORIZED;
    return isRefusal && this.#objections === undefined && this.#addsObjections;
  }

  /** The hub is not asked for objections any more. */
  dropObjections(): void {
    this.#objections = 'refused';
  }

  /** The hub has refused without the objections, too, or it was the channel that it did not know: they were not why. */
  mayHaveObjections(): void {
    if (this.#objections === 'refused') this.#objections = undefined;
  }

  /**
   * The hub confirmed a subscription. What it did not grant is reported, once.
   *
   * @returns whether it sends objections
   */
  granted({ requested, granted }: Subscribed): boolean {
    // What a discovery document says later does not matter: the hub has taken it.
    if (requested.includes(OBJECTION)) this.#objections = 'taken';
    const missing = granted.includes('*') ? '' : requested.filter((name) => !granted.includes(name)).join(', ');
    if (missing !== this.#reportedGrant && missing !== '')
      this.#options.listeners.emit('warning', new FhircastError('events-not-granted', { at: missing }));
    this.#reportedGrant = missing;
    return granted.includes(OBJECTION) || (granted.includes('*') && requested.includes(OBJECTION));
  }

  get #ownNames(): readonly string[] {
    return this.#options.pinned ?? this.#options.listeners.names;
  }

  /** Objections come as SyncErrors. An app that listens to nothing gets none, and one that pins its events just those. */
  get #addsObjections(): boolean {
    const { pinned, hub } = this.#options;
    const names = this.#ownNames;
    if (pinned || names.length === 0 || names.includes(OBJECTION) || this.#objections === 'refused') return false;
    return this.#objections === 'taken' || (hub.hasSyncErrors && this.#uncovered([OBJECTION]).length === 0);
  }

  #uncovered(names: readonly string[]): readonly string[] {
    const { scope } = this.#options;
    return scope === undefined ? [] : uncovered(scope, names, 'read');
  }
}
