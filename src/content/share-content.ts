import type { FhircastClient } from '../client.ts';
import { FhircastError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { eventParts } from '../events/definitions.ts';
import type { FhircastEvent } from '../events/event.ts';
import { isObject } from '../events/json.ts';
import { changesContext, isOfContent, kindOf } from '../events/kind.ts';
import { canonicalName } from '../events/names.ts';
import type { StateChange } from '../following/state.ts';
import { isTexts, mustBe } from '../session/check-options.ts';
import type { Session } from '../session/session.ts';
import { SESSION, type SessionTap } from '../session/session-tap.ts';
import { Subscribers } from '../session/subscribers.ts';
import { abortable } from '../web/abortable.ts';
import { after, pause } from '../web/timers.ts';
import { MOST_TEXT } from './bundles.ts';
import { type ContentChange, changesIn, type ResourceChanges } from './content-change.ts';
import { ContentError } from './content-error.ts';
import type { ContentSnapshot } from './content-snapshot.ts';
import {
  type ContentDecision,
  type ContentSelectResult,
  type ContentUpdate,
  type ContentUpdateResult,
  type Delivered,
  type Operation,
  type PlannedEdits,
  planUpdate,
} from './operation.ts';
import { Outbox } from './outbox.ts';
import { type Held, textLength } from './resource-map.ts';
import { anchorKeyOf, keyOf, nameOf, type ResourceName } from './resource-names.ts';
import { type AnchorOwner, SharedAnchor } from './shared-anchor.ts';

/** How content is shared. */
export interface ShareContentOptions {
  /**
   * The types of anchors whose content is shared.
   *
   * @default ['DiagnosticReport']
   */
  readonly anchors?: readonly string[];
  /**
   * Whether the content of a context may be updated that is open and not current.
   *
   * @default what the hub's discovery document says (`capabilities.supportsNonCurrentContextUpdates`)
   */
  readonly nonCurrentUpdates?: boolean;
  /**
   * How long the hub may take to send an update back, in milliseconds. Then it is asked whether the update has arrived.
   *
   * @default 5000
   */
  readonly echoWithinMs?: number;
}

/** How an update by a function, or a select, is sent. */
export interface ContentSendOptions {
  /** The anchor, such as `DiagnosticReport/r1`. Default: the current context. */
  readonly anchor?: ResourceName | undefined;
  /** Gives it up, unless it is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** How an update by data is sent. */
export interface ContentUpdateOptions extends ContentSendOptions {
  /**
   * The snapshot by which the user decided, such as the one of which a form was filled: where others have changed the same resource
   * since, the update is a `content-conflict`. Its anchor is the default of `anchor`.
   *
   * @default what is there when `update()` is called
   */
  readonly basedOn?: ContentSnapshot | undefined;
  /**
   * For what is dragged: sends nothing before the hand has rested for so long, in milliseconds, and then the latest of each resource. `true`
   * is 250. The next call for the same anchor that is not throttled takes it along at once. For data alone, and not for a function.
   */
  readonly throttle?: boolean | number | undefined;
}

/** Listens to changes of the content. */
export type ContentListener = (change: ContentChange) => unknown;

/** More than anybody works with. */
const MOST_ANCHORS = 64;
const ECHO_WITHIN_MS = 5_000;
const THROTTLE_MS = 250;
/** How long the event of an open may be behind the hub's answer to it. */
const OPEN_BEHIND_MS = 500;
/** How long an own change whose event does not come may still make something else current. */
const LEAVING_MS = 10_000;
/** How long to wait before the connection is waited for again. */
const LOOK_MS = 200;
/** What a call counts for that waits, besides its resources, in characters. */
const CALL_LENGTH = 1_024;
const VERBS = ['open', 'close', 'update', 'select'];

/** An anchor with what is sent to it. */
interface Shared {
  readonly anchor: SharedAnchor;
  readonly outbox: Outbox;
  /** What is dragged, in the order of the calls, and when the hand rests. */
  readonly dragged: Operation[];
  resting?: ReturnType<typeof after>;
}

/**
 * The content that apps share beside the contexts of a session (STU3, content sharing): what is measured, written and selected.
 * It follows every open anchor until it is closed, also while another one is current.
 */
export class SharedContent {
  readonly #session: Session;
  readonly #nonCurrentUpdates: boolean | undefined;
  readonly #types: ReadonlySet<string>;
  readonly #shared = new Map<string, Shared>();
  readonly #subscribers = new Subscribers();
  /** What was selected of what has been closed since. */
  readonly #offers = new Map<string, readonly string[]>();
  readonly #life = new AbortController();
  readonly #owner: AnchorOwner;
  /** How much waits to be sent, as text, in characters. */
  #waiting = 0;
  #listeners: readonly ContentListener[] = [];

  /** @internal */
  constructor(session: Session, options: ShareContentOptions) {
    const { anchors = ['DiagnosticReport'], echoWithinMs = ECHO_WITHIN_MS, nonCurrentUpdates } = options;
    mustBeKnown(options, 'anchors nonCurrentUpdates echoWithinMs');
    mustBe(isTexts(anchors) && anchors.every((type) => /^[a-z]+$/i.test(type)), 'anchors');
    mustBe(echoWithinMs > 0, 'echoWithinMs');
    this.#session = session;
    this.#nonCurrentUpdates = nonCurrentUpdates;
    this.#types = new Set(anchors.map((type) => type.toLowerCase()));
    const all = () => [...this.#shared.values()];
    this.#owner = {
      session,
      echoWithinMs,
      get length() {
        return all().reduce((sum, { anchor }) => sum + anchor.length, 0);
      },
      signal: this.#life.signal,
      changed: (...what) => this.#changed(...what),
      supports: (type) => this.#supports(type),
      connected: () => this.#connected(),
      ready: (...of) => this.#ready(...of),
    };
    const names = [...anchors.flatMap((type) => VERBS.map((verb) => `${type}-${verb}`)), 'SyncError'];
    const { listeners, wanted, contexts } = session;
    // The answer is 200, whoever listens.
    for (const name of names) listeners.add(name, () => {}, false);
    mustBe(
      names.every((name) => wanted.names.includes(canonicalName(name))),
      'events',
    );
    listeners.add('state', ({ state, previous }: StateChange) => this.#entered(state, previous), false);
    session.tap = {
      content: this,
      isEcho: (notification) =>
        isOfContent(notification.kind) && all().some(({ outbox }) => outbox.isEcho(notification)),
      received: (event) => this.#received(event),
      told: ({ context, worth }) => {
        const shared = context && this.#shared.get(this.#keyOf(context));
        if (context && shared?.anchor.context && worth !== 'unlikely' && session.machine.state === 'active')
          shared.anchor.told(context);
      },
    } as SessionTap;
    for (const context of contexts.session.open) this.#opened(context);
  }

  /** The content of the current context; `null` where it is of a type that is not shared, and where there is none. */
  get current(): ContentSnapshot | null {
    const { current } = this.#session.contexts;
    return (current && this.#shared.get(anchorKeyOf(current))?.anchor.snapshot) ?? null;
  }

  /**
   * The content of an anchor. It is the same object until something of it changes.
   *
   * @param anchor such as `DiagnosticReport/r1`, a reference, the resource, or a context of the client
   * @returns `null` where it is not open
   */
  of(anchor: ResourceName | CurrentContext): ContentSnapshot | null {
    return this.#find(anchor)?.anchor.snapshot ?? null;
  }

  /** The content of every open anchor, the one that was opened first at the beginning. */
  get all(): readonly ContentSnapshot[] {
    return [...this.#shared.values()].map(({ anchor }) => anchor.snapshot);
  }

  /**
   * Calls a listener after every change of a snapshot, for every kind of store. It can be passed on as it is.
   *
   * @param listener is called without an argument
   * @returns ends it
   * @example
   * ```ts
   * const shown = useSyncExternalStore(content.subscribe, () => content.current);
   * ```
   */
  readonly subscribe = (listener: () => void): (() => void) => {
    mustBe(typeof listener === 'function', 'listener');
    return this.#subscribers.add(listener);
  };

  /**
   * Listens to changes of the content and of the selection. What was missed comes as one change when the hub has told it.
   *
   * @param name `change`
   * @param listener gets what was added, changed and removed
   */
  on(name: 'change', listener: ContentListener): this {
    mustBe(name === 'change', 'name');
    mustBe(typeof listener === 'function', 'listener');
    this.#listeners = [...this.#listeners, listener];
    return this;
  }

  /**
   * Stops listening.
   *
   * @param name `change`
   * @param listener the listener; without it, every one
   */
  off(name: 'change', listener?: ContentListener): this {
    mustBe(name === 'change', 'name');
    this.#listeners = listener ? this.#listeners.filter((one) => one !== listener) : [];
    return this;
  }

  /**
   * Changes the content (STU3, content sharing). One update of an anchor is under way at a time, and those that are made meanwhile are sent
   * together. Where others changed the content first, a function is asked again, and data is sent again where others changed other
   * resources. Where the anchor is not open yet, its open is waited for, half a second at most.
   *
   * @param change what is put and deleted, or a function that decides it by what is there and may return nothing
   * @returns when the hub has sent the update back, and it is applied here
   * @throws ContentError `content-conflict` when others changed the same; `content-invalid`, `content-not-current`,
   *   `content-unsupported` and `content-unknown` before anything is sent; `content-too-large`
   * @throws HubError when the hub refuses, or cannot be reached
   * @throws FhircastError `closed`
   * @example
   * ```ts
   * await content.update({ put: { resourceType: 'Observation', id: 'length-1', status: 'preliminary', code } });
   * ```
   */
  update(change: ContentUpdate, options?: ContentUpdateOptions): Promise<ContentUpdateResult>;
  /** As above, by data or by a function: what is decided by what is there is neither dragged nor based on what was there before. */
  update(change: ContentDecision, options?: ContentSendOptions): Promise<ContentUpdateResult>;
  async update(change: ContentDecision, options: ContentUpdateOptions = {}): Promise<ContentUpdateResult> {
    const { basedOn, anchor: of = basedOn?.anchor, throttle = false, signal } = options;
    mustBeKnown(options, 'anchor signal basedOn throttle');
    const decides = typeof change === 'function';
    const waitMs = throttle === true ? THROTTLE_MS : Number(throttle);
    mustBe(waitMs >= 0 && !(decides && waitMs > 0), 'throttle');
    mustBe(!(decides && basedOn), 'basedOn');
    mustBe(decides || isObject(change), 'change');
    // Nothing may come between a call and its place in the order.
    const shared = this.#open(of) ?? (await this.#opening(of, signal));
    const { anchor } = shared;
    mustBe(!basedOn || basedOn.anchor === anchor.name, 'basedOn');
    let planned: PlannedEdits | undefined = decides ? undefined : planUpdate(anchor, change);
    const plan = (current: ContentSnapshot): PlannedEdits => {
      const decided = decides ? change(current) : undefined;
      if (decides) planned = decided && planUpdate(anchor, decided);
      return planned ?? new Map();
    };
    // Nobody has seen what was never known.
    const now = anchor.state.at === undefined ? undefined : anchor.clock;
    const since = basedOn ? anchor.clockOf(basedOn) : now;
    return this.#enqueue(
      { decides, signal, plan, since },
      shared,
      ({ id }) => {
        const edits = [...(planned?.values() ?? [])];
        const put = edits.flatMap((edit) => (typeof edit === 'string' ? [] : nameOf(edit.resource)));
        return { id, put, content: anchor.snapshot };
      },
      waitMs,
      [...(planned?.values() ?? [])].map((edit) => (typeof edit === 'string' ? undefined : edit)),
    );
  }

  /**
   * Selects resources for everybody (STU3, content sharing), by an act of the user. It replaces the whole selection.
   *
   * @param references names such as `Observation/o1`, references or resources; none clears the selection
   * @returns what was ignored because nobody knows it
   * @throws ContentError `content-invalid`, `content-not-current`, `content-unsupported` or `content-unknown` before anything is sent
   * @throws HubError when the hub refuses, or cannot be reached
   * @throws FhircastError `closed`
   */
  async select(references: readonly ResourceName[], options: ContentSendOptions = {}): Promise<ContentSelectResult> {
    const { anchor: of, signal } = options;
    mustBeKnown(options, 'anchor signal');
    mustBe(Array.isArray(references), 'references');
    const shared = this.#open(of) ?? (await this.#opening(of, signal));
    const { anchor } = shared;
    if (!anchor.isCurrent) throw this.#notCurrent();
    const selection = references.map((one) => {
      const reference = typeof one === 'object' && 'reference' in one ? one.reference : one;
      if (typeof reference !== 'string' && keyOf(reference) === undefined)
        throw new ContentError('content-invalid', { at: 'a reference' });
      return typeof reference === 'string' ? reference : nameOf(one);
    });
    return this.#enqueue(
      { decides: true, signal, selection: [...new Set(selection)] },
      shared,
      ({ id, status, ignored = [] }) => ({ id, status, ignored, content: anchor.snapshot }),
    );
  }

  #enqueue<T>(
    operation: Pick<Operation, 'decides' | 'signal' | 'plan' | 'since' | 'selection'>,
    shared: Shared,
    result: (delivered: Delivered) => T,
    waitMs = 0,
    held: Iterable<Held | undefined> = [],
  ): Promise<T> {
    const { outbox, dragged } = shared;
    const { signal } = operation;
    const length = CALL_LENGTH + textLength(held);
    if (this.#waiting + length > MOST_TEXT) throw new ContentError('content-too-large', { at: 'what waits' });
    this.#waiting += length;
    const sending = new Promise<T>((resolve, reject) => {
      dragged.push({ ...operation, conflicts: 0, resolve: (what: Delivered) => resolve(result(what)), reject });
      clearTimeout(shared.resting);
      // Nothing overtakes what is dragged: they go together, and the latest of each resource counts.
      const send = () => {
        for (const one of dragged.splice(0)) outbox.add(one);
      };
      if (waitMs === 0) send();
      else shared.resting = after(waitMs, send);
    });
    const sent = () => {
      this.#waiting -= length;
    };
    sending.then(sent, sent);
    return abortable(sending, signal);
  }

  #received(event: FhircastEvent): void {
    const parts = eventParts(event.name);
    const { contexts } = this.#session;
    if (parts && this.#types.has(parts.resource)) {
      const { verb, resource } = parts;
      const context = contexts.meant(resource, event.context)[0]?.context;
      const key = context ? anchorKeyOf(context) : keyOf(event.anchor ?? event.anchorReference);
      if (verb === 'open') {
        if (context) this.#opened(context, event);
      } else if (verb === 'close') {
        // One that was never seen open.
        if (!context) this.#close(key);
      } else if (key) this.#ensure(key, event).anchor.follow(event, verb === 'update');
    }
    if (changesContext(kindOf(event.name))) {
      const open = new Set(contexts.session.open.map(anchorKeyOf));
      for (const [key, { anchor }] of this.#shared) {
        // What is not open any more is shared no more; what is current may be another.
        if (anchor.context && !open.has(key)) this.#close(key);
        else anchor.settle();
      }
    }
    for (const { outbox } of this.#shared.values()) outbox.received(event);
  }

  #keyOf(context: CurrentContext): string {
    const [open] = this.#session.contexts.meant(context.type.toLowerCase(), context.context);
    return anchorKeyOf(open?.context ?? context);
  }

  #opened(context: CurrentContext, event?: FhircastEvent): void {
    const type = context.type.toLowerCase();
    if (!this.#types.has(type)) return;
    const { versionId } = event ?? this.#session.contexts.meant(type, context.context)[0] ?? {};
    this.#ensure(anchorKeyOf(context), context).anchor.open(context, versionId);
  }

  #entered(state: string, previous: string): void {
    const all = [...this.#shared.values()];
    if (previous === 'active') for (const { anchor } of all) anchor.gap();
    if (state !== 'closed') return;
    this.#life.abort();
    for (const shared of all) this.#end(shared, new FhircastError('closed'));
  }

  #close(key = ''): void {
    const shared = this.#shared.get(key);
    if (!shared) return;
    const { anchor } = shared;
    const { snapshot, selected, offered } = anchor;
    this.#shared.delete(key);
    this.#offers.delete(key);
    this.#offers.set(key, selected[0] ? selected : offered);
    const [oldest = ''] = this.#offers.keys();
    if (this.#offers.size > MOST_ANCHORS) this.#offers.delete(oldest);
    const all = anchor.state.content.entries();
    const removed = changesIn((one) => snapshot.get(one), new Map(all.map(([one]) => [one, undefined])));
    this.#emit({ ...removed, content: snapshot, isEcho: false, isSelection: !!selected[0], isClosed: true });
    this.#end(shared, new ContentError('content-not-current'));
    this.#subscribers.notify();
  }

  #end({ anchor, outbox, dragged, resting }: Shared, error: FhircastError): void {
    anchor.stop();
    clearTimeout(resting);
    for (const { reject } of dragged.splice(0)) reject(error);
    outbox.close(error);
  }

  #ensure(key: string, { anchor: resource, anchorReference }: CurrentContext | FhircastEvent): Shared {
    const known = this.#shared.get(key);
    if (known) return known;
    for (const [oldest, { anchor }] of this.#shared)
      if (this.#shared.size >= MOST_ANCHORS && !anchor.isCurrent) this.#close(oldest);
    const name = nameOf(resource ?? anchorReference ?? key);
    const anchor = new SharedAnchor(this.#owner, key, name, this.#offers.get(key) ?? []);
    const shared: Shared = { anchor, outbox: new Outbox(this.#owner, anchor), dragged: [] };
    this.#shared.set(key, shared);
    return shared;
  }

  #find(anchor: ResourceName | CurrentContext = this.current?.anchor ?? ''): Shared | undefined {
    const isContext = typeof anchor === 'object' && 'context' in anchor;
    return this.#shared.get((isContext ? anchorKeyOf(anchor) : keyOf(anchor)) ?? '');
  }

  /** What is open. What this app is about to leave is not meant without its name. */
  #open(of: ResourceName | undefined): Shared | undefined {
    if (this.#session.machine.state === 'closed') throw new FhircastError('closed');
    return this.#meant(of);
  }

  #meant(of: ResourceName | undefined): Shared | undefined {
    const { changesMade } = this.#session;
    const { timestamp = '', echo } = changesMade?.latest ?? {};
    const isLeaving = !echo && Date.now() < Date.parse(timestamp) + LEAVING_MS;
    return of === undefined && isLeaving ? undefined : this.#find(of);
  }

  /** Waits for what may be about to be opened. */
  async #opening(of: ResourceName | undefined, signal: AbortSignal | undefined): Promise<Shared> {
    let end = () => {};
    const opened = new Promise<void>((resolve) => {
      end = this.#subscribers.add(() => this.#meant(of) && resolve());
    });
    await abortable(Promise.race([opened, pause(OPEN_BEHIND_MS, this.#life.signal)]), signal).finally(() => end());
    const shared = this.#open(of);
    if (!shared)
      throw of === undefined ? this.#notCurrent() : new ContentError('content-not-current', { at: 'anchor' });
    return shared;
  }

  #notCurrent(): ContentError {
    const { current } = this.#session.contexts;
    const isOpen = this.#shared.size > 0;
    const at = current ? `${current.type} is current` : `nothing is ${isOpen ? 'current' : 'open'}`;
    return new ContentError('content-not-current', { at });
  }

  async #ready(anchor: SharedAnchor, isSelect: boolean): Promise<void> {
    await this.#connected();
    const { chooser, discovery, machine } = this.#session;
    if (chooser.dialect.discovery && !chooser.choice.discovery) await discovery.ask();
    const mayUpdate = this.#nonCurrentUpdates ?? chooser.choice.discovery?.supportsNonCurrentContextUpdates;
    const isSupported = this.#supports(anchor.type);
    if (isSupported && !anchor.isCurrent && (isSelect || !mayUpdate)) throw this.#notCurrent();
    // The connection may be lost meanwhile.
    do {
      await this.#connected();
      await anchor.fetch();
    } while (machine.state !== 'active');
    const { standing } = anchor.state;
    if (!isSupported || standing === 'unsupported')
      throw new ContentError('content-unsupported', { at: isSupported ? 'content' : 'eventsSupported' });
    if (standing === 'unknown') throw new ContentError('content-unknown', { retryable: true });
  }

  /** Waits for the subscription, as long as the client tries. */
  async #connected(): Promise<void> {
    const { machine, subscription } = this.#session;
    const isActive = () => machine.state === 'active';
    while (!isActive()) {
      if (machine.state === 'closed') throw new FhircastError('closed');
      await subscription.ready().catch((error) => {
        if (!error.retryable) throw error;
      });
      if (!isActive()) await pause(LOOK_MS, this.#life.signal);
    }
  }

  #supports(type: string): boolean {
    const listed = this.#session.chooser.choice.discovery?.eventsSupported ?? [];
    return !listed[0] || listed.some((name) => name === '*' || name.toLowerCase() === `${type.toLowerCase()}-update`);
  }

  #changed(
    { key, snapshot: content }: SharedAnchor,
    before: ContentSnapshot,
    changes: ResourceChanges,
    isEcho: boolean,
  ): void {
    const { added, changed, removed } = changes;
    const isSelection = before.selected !== content.selected;
    if (added[0] || changed[0] || removed[0] || isSelection)
      this.#emit({ ...changes, content, isEcho, isSelection, isClosed: false });
    this.#subscribers.notify();
    this.#shared.get(key)?.outbox.looked();
  }

  #emit(change: ContentChange): void {
    Object.freeze(change);
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/**
 * Refuses options that there are not.
 *
 * @throws FhircastError `option-invalid`, which names the option
 */
function mustBeKnown(options: object, names: string): void {
  mustBe(isObject(options), 'options');
  for (const name of Object.keys(options)) mustBe(names.split(' ').includes(name), name);
}

/**
 * Shares content in the session of a client: what is in the reports that are open, seen and changed by every app (STU3, content sharing).
 *
 * @param client the client. Called again for the same client, it returns the same, and the options of the first call hold
 * @param options how content is shared
 * @throws FhircastError `option-invalid`; at `events` where the client pins its events and leaves out what content needs: of each anchor
 *   `-open`, `-close`, `-update` and `-select`, and `SyncError`
 * @throws FhircastError `closed`
 * @example
 * ```ts
 * const content = shareContent(client);
 * content.on('change', ({ content }) => draw(content.resources('Observation')));
 * await content.update({ put: observation });
 * ```
 */
export function shareContent(client: FhircastClient, options: ShareContentOptions = {}): SharedContent {
  const session = (client as { readonly [SESSION]?: Session } | undefined)?.[SESSION];
  if (!session) throw new FhircastError('option-invalid', { at: 'client' });
  if (session.machine.state === 'closed') throw new FhircastError('closed');
  const { tap } = session;
  return tap && 'content' in tap ? (tap.content as SharedContent) : new SharedContent(session, options);
}
