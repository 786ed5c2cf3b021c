import type { FhircastClient } from '../client.ts';
import { FhircastError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import { eventParts } from '../events/definitions.ts';
import type { FhircastEvent } from '../events/event.ts';
import { changesContext, isOfContent, kindOf } from '../events/kind.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import type { ContextAnswer } from '../hub/api.ts';
import { isTexts, mustBe } from '../session/check-options.ts';
import type { Session } from '../session/session.ts';
import { SESSION, type SessionTap } from '../session/session-tap.ts';
import { Subscribers } from '../session/subscribers.ts';
import { abortable } from '../web/abortable.ts';
import { after, unref } from '../web/timers.ts';
import { type ContentChange, changesIn } from './content-change.ts';
import { ContentError } from './content-error.ts';
import { ContentSnapshot } from './content-snapshot.ts';
import {
  type ContentDecision,
  type ContentSelectResult,
  type ContentUpdateResult,
  type Operation,
  type PlannedEdits,
  planUpdate,
} from './operation.ts';
import { Outbox } from './outbox.ts';
import type { Edits, ResourceMap } from './resource-map.ts';
import { anchorKeyOf, keyOf, nameOf, type ResourceName } from './resource-names.ts';
import { type AnchorListener, isSameSnapshot, SharedAnchor } from './shared-anchor.ts';

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

/** How one update is sent. */
export interface ContentUpdateOptions {
  /** The anchor, such as `DiagnosticReport/r1`. Default: the current context. */
  readonly anchor?: ResourceName;
  /**
   * For what is dragged: sends nothing before the hand has rested for so long, in milliseconds, and then the latest. `true` is 250.
   * Those that a later one of the same resources replaces have its result.
   */
  readonly throttle?: boolean | number;
  /** Gives the update up, unless it is under way. */
  readonly signal?: AbortSignal;
}

/** Listens to changes of the content. */
export type ContentListener = (change: ContentChange) => unknown;

/** More than anybody works with. */
const MOST_ANCHORS = 64;
const ECHO_WITHIN_MS = 5_000;
const THROTTLE_MS = 250;
/** How often the state is looked at while there is no connection. */
const LOOK_MS = 1_000;
const VERBS = ['open', 'close', 'update', 'select'];

/** An anchor with what is sent to it, and what an app sees of it. */
interface Shared {
  readonly anchor: SharedAnchor;
  readonly outbox: Outbox;
  snapshot: ContentSnapshot;
  /** What is dragged, by the names of its resources. */
  readonly dragged: Map<string, Dragged>;
}

interface Dragged {
  timer: ReturnType<typeof after>;
  operation: Operation;
}

/**
 * The content that apps share beside the contexts of a session (STU3, content sharing): what is measured, written and selected.
 * It follows every open anchor until it is closed, also while another one is current.
 */
export class SharedContent {
  readonly #session: Session;
  readonly #options: ShareContentOptions;
  readonly #types: ReadonlySet<string>;
  readonly #shared = new Map<string, Shared>();
  readonly #subscribers = new Subscribers();
  /** What was selected of what has been closed since. */
  readonly #offers = new Map<string, readonly string[]>();
  readonly #life = new AbortController();
  #listeners: readonly ContentListener[] = [];
  /** What the hub told last of what is not open here yet. */
  #told: ContextAnswer | undefined;
  readonly #anchors: AnchorListener = {
    changed: (...what) => this.#changed(...what),
    supports: (type) => this.#supports(type),
  };

  /** @internal */
  constructor(session: Session, options: ShareContentOptions) {
    const { anchors = ['DiagnosticReport'], echoWithinMs = ECHO_WITHIN_MS } = options;
    mustBe(isTexts(anchors) && anchors.every((type) => /^[a-z]+$/i.test(type)), 'anchors');
    mustBe(typeof echoWithinMs === 'number' && echoWithinMs > 0, 'echoWithinMs');
    this.#session = session;
    this.#options = { ...options, echoWithinMs };
    this.#types = new Set(anchors.map((type) => type.toLowerCase()));
    const names = [...anchors.flatMap((type) => VERBS.map((verb) => `${type}-${verb}`)), 'SyncError'];
    const { listeners, wanted, contexts } = session;
    // The answer is 200, whoever listens.
    for (const name of names) listeners.add(name, () => {}, false);
    const missing = names.find((name) => !wanted.names.includes(canonicalName(name)));
    mustBe(missing === undefined, 'events');
    listeners.add(
      'state',
      ({ state, previous }: { state: string; previous: string }) => this.#entered(state, previous),
      false,
    );
    session.tap = this.#tap;
    for (const context of contexts.session.open) this.#opened(context);
  }

  /** The content of the current context; `null` where it is of a type that is not shared, and where there is none. */
  get current(): ContentSnapshot | null {
    const { current } = this.#session.contexts;
    return (current && this.#shared.get(anchorKeyOf(current))?.snapshot) ?? null;
  }

  /**
   * The content of an anchor. It is the same object until something of it changes.
   *
   * @param anchor such as `DiagnosticReport/r1`, a reference, the resource, or a context of the client
   * @returns `null` where it is not open
   */
  of(anchor: ResourceName | CurrentContext): ContentSnapshot | null {
    return this.#find(anchor)?.snapshot ?? null;
  }

  /** The content of every open anchor, the one that was opened first at the beginning. */
  get all(): readonly ContentSnapshot[] {
    return [...this.#shared.values()].map(({ snapshot }) => snapshot);
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
   * resources.
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
  async update(change: ContentDecision, options: ContentUpdateOptions = {}): Promise<ContentUpdateResult> {
    const { anchor: of, throttle = false, signal } = options;
    const shared = this.#mustFind(of);
    const { anchor } = shared;
    const waitMs = throttle === true ? THROTTLE_MS : Number(throttle);
    mustBe(waitMs >= 0, 'throttle');
    let plan: (current: ContentSnapshot) => PlannedEdits;
    let planned: PlannedEdits = new Map();
    if (typeof change === 'function') {
      plan = (current) => {
        const decided = change(current);
        planned = decided === undefined ? new Map() : planUpdate(anchor, decided);
        return planned;
      };
    } else {
      mustBe(typeof change === 'object' && change !== null, 'change');
      planned = planUpdate(anchor, change);
      plan = () => planned;
    }
    const sending = new Promise<ContentUpdateResult>((resolve, reject) => {
      const operation: Operation = {
        selection: undefined,
        decides: typeof change === 'function',
        signal,
        // Nobody has seen what was never known.
        since: anchor.state.at === undefined ? undefined : anchor.clock,
        conflicts: 0,
        isAlone: false,
        plan,
        resolve: ({ id }, content) => {
          const put = [...planned.values()].flatMap((edit) =>
            typeof edit === 'string' ? [] : [nameOf(edit.resource)],
          );
          resolve({ id, put, content });
        },
        reject,
      };
      if (waitMs > 0) this.#drag(shared, operation, waitMs, [...planned.keys()].sort().join());
      else shared.outbox.add(operation);
    });
    return abortable(sending, signal);
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
  async select(
    references: readonly ResourceName[],
    options: Omit<ContentUpdateOptions, 'throttle'> = {},
  ): Promise<ContentSelectResult> {
    const { anchor: of, signal } = options;
    mustBe(Array.isArray(references), 'references');
    const { anchor, outbox } = this.#mustFind(of);
    if (!anchor.isCurrent) throw new ContentError('content-not-current');
    const selection = references.map((one) => {
      const reference = typeof one === 'string' ? one : 'resourceType' in one ? nameOf(one) : one.reference;
      if (!reference || (typeof one === 'object' && 'resourceType' in one && keyOf(one) === undefined))
        throw new ContentError('content-invalid', { at: 'a reference' });
      return reference;
    });
    const sending = new Promise<ContentSelectResult>((resolve, reject) => {
      outbox.add({
        selection: [...new Set(selection)],
        decides: true,
        signal,
        since: undefined,
        conflicts: 0,
        isAlone: false,
        plan: () => new Map(),
        resolve: ({ id, status, ignored = [] }, content) => resolve({ id, status, ignored, content }),
        reject,
      });
    });
    return abortable(sending, signal);
  }

  readonly #tap: SessionTap & { readonly content: SharedContent } = {
    content: this,
    isEcho: (notification: Notification) =>
      isOfContent(notification.kind) && [...this.#shared.values()].some(({ outbox }) => outbox.isEcho(notification)),
    received: (event) => this.#received(event),
    told: (answer) => this.#answered(answer),
  };

  #received(event: FhircastEvent): void {
    const parts = eventParts(event.name);
    if (parts && this.#types.has(parts.resource)) {
      const { verb, resource } = parts;
      const [open] = this.#session.contexts.meant(resource, event.context);
      if (verb === 'open') {
        if (open) this.#opened(open.context, event);
      } else if (verb === 'close') {
        const key = keyOf(event.anchor ?? event.anchorReference);
        // One that was never seen open.
        if (key !== undefined && !open) this.#close(key);
      } else {
        const key = open ? anchorKeyOf(open.context) : keyOf(event.anchorReference ?? event.anchor);
        if (key !== undefined) this.#ensure(key, open?.context, event).anchor.follow(event, verb);
      }
    }
    if (changesContext(kindOf(event.name))) this.#reconcile();
    for (const { outbox } of this.#shared.values()) outbox.received(event);
  }

  #opened(context: CurrentContext, event?: FhircastEvent): void {
    const key = anchorKeyOf(context);
    if (!this.#types.has(context.type.toLowerCase())) return;
    const told = this.#told?.context;
    const isTold =
      event?.source === 'resync' && told && anchorKeyOf(told) === key && told.versionId === event.versionId;
    const [open] = this.#session.contexts.meant(context.type.toLowerCase(), context.context);
    const { anchor } = this.#ensure(key, context);
    anchor.open(context, event ? event.versionId : open?.versionId, isTold ? this.#told : undefined);
    this.#told = undefined;
  }

  /** What is not open any more is shared no more; what is current may be another. */
  #reconcile(): void {
    const open = new Set(this.#session.contexts.session.open.map(anchorKeyOf));
    for (const [key, { anchor }] of this.#shared) {
      if (anchor.context && !open.has(key)) this.#close(key);
      else anchor.look();
    }
  }

  #answered(answer: ContextAnswer): void {
    const { machine, contexts } = this.#session;
    const { context, worth } = answer;
    if (!context || worth === 'unlikely' || machine.state !== 'active') return;
    const [open] = contexts.meant(context.type.toLowerCase(), context.context);
    const shared = this.#shared.get(anchorKeyOf(open?.context ?? context));
    if (!shared?.anchor.context) this.#told = answer;
    else {
      shared.anchor.told(answer);
      // The event that explains it may be behind the answer.
      if (shared.anchor.state.standing === 'unknown') void shared.anchor.fetch();
    }
  }

  #entered(state: string, previous: string): void {
    if (previous === 'active') for (const { anchor } of this.#shared.values()) anchor.gap();
    if (state !== 'closed') return;
    this.#life.abort();
    for (const shared of this.#shared.values()) {
      shared.anchor.close();
      this.#end(shared, new FhircastError('closed'));
    }
  }

  #close(key: string): void {
    const shared = this.#shared.get(key);
    if (!shared) return;
    const { anchor } = shared;
    anchor.close();
    this.#shared.delete(key);
    this.#offers.delete(key);
    this.#offers.set(key, anchor.selected.length > 0 ? anchor.selected : anchor.offered);
    const [oldest] = this.#offers.keys();
    if (this.#offers.size > MOST_ANCHORS && oldest !== undefined) this.#offers.delete(oldest);
    const { content } = anchor.state;
    const removed = changesIn(content, new Map(content.entries().map(([one]) => [one, undefined])));
    shared.snapshot = new ContentSnapshot({ ...anchor.facts, isCurrent: false });
    this.#emit({
      ...removed,
      content: shared.snapshot,
      isEcho: false,
      isSelection: anchor.selected.length > 0,
      isClosed: true,
    });
    this.#end(shared, new ContentError('content-not-current'));
    this.#subscribers.notify();
  }

  #end({ outbox, dragged }: Shared, error: FhircastError): void {
    for (const { timer, operation } of dragged.values()) {
      clearTimeout(timer);
      operation.reject(error);
    }
    dragged.clear();
    outbox.close(error);
  }

  #ensure(key: string, context: CurrentContext | undefined, event?: FhircastEvent): Shared {
    const known = this.#shared.get(key);
    if (known) return known;
    for (const [oldest, { anchor: old }] of this.#shared)
      if (this.#shared.size >= MOST_ANCHORS && !old.isCurrent) this.#close(oldest);
    const of = context ?? event;
    const reference = of?.anchorReference?.reference?.split('/').slice(-2).join('/');
    const name = of?.anchor ? nameOf(of.anchor) : (reference ?? key);
    const session = this.#session;
    const anchor = new SharedAnchor(session, this.#anchors, { key, name, versionId: undefined });
    anchor.offered = this.#offers.get(key) ?? [];
    const outbox = new Outbox({
      session,
      anchor,
      echoWithinMs: this.#options.echoWithinMs ?? ECHO_WITHIN_MS,
      signal: this.#life.signal,
      snapshot: () => this.#shared.get(key)?.snapshot ?? shared.snapshot,
      ready: (isSelect) => this.#ready(anchor, isSelect),
      connected: () => this.#connected(),
    });
    const shared: Shared = { anchor, outbox, snapshot: new ContentSnapshot(anchor.facts), dragged: new Map() };
    this.#shared.set(key, shared);
    return shared;
  }

  #find(anchor: ResourceName | CurrentContext): Shared | undefined {
    const isContext = typeof anchor === 'object' && 'context' in anchor && 'type' in anchor;
    const key = isContext ? anchorKeyOf(anchor) : keyOf(anchor);
    return key === undefined ? undefined : this.#shared.get(key);
  }

  #mustFind(anchor: ResourceName | undefined): Shared {
    if (this.#session.machine.state === 'closed') throw new FhircastError('closed');
    const { current } = this;
    const shared = this.#find(anchor ?? current?.anchor ?? '');
    if (!shared)
      throw new ContentError('content-not-current', { at: anchor === undefined ? 'nothing is open' : 'anchor' });
    return shared;
  }

  #drag({ outbox, dragged }: Shared, operation: Operation, waitMs: number, of: string): void {
    const before = dragged.get(of);
    clearTimeout(before?.timer);
    const replaced = before?.operation;
    // Whoever was replaced has the result of what replaced it.
    const latest: Operation = replaced
      ? {
          ...operation,
          resolve: (...result) => {
            replaced.resolve(...result);
            operation.resolve(...result);
          },
          reject: (error) => {
            replaced.reject(error);
            operation.reject(error);
          },
        }
      : operation;
    const timer = after(waitMs, () => {
      dragged.delete(of);
      outbox.add(latest);
    });
    dragged.set(of, { timer, operation: latest });
  }

  async #ready(anchor: SharedAnchor, isSelect: boolean): Promise<void> {
    await this.#connected();
    const { chooser, discovery, machine } = this.#session;
    if (chooser.dialect.discovery && !chooser.choice.discovery) await discovery.ask();
    const unsupported = (at: string) => new ContentError('content-unsupported', { at });
    if (!this.#supports(anchor.type)) throw unsupported('eventsSupported');
    if (!anchor.isCurrent && (isSelect || !this.#mayUpdateOthers)) throw new ContentError('content-not-current');
    for (;;) {
      await this.#connected();
      if (anchor.state.standing === 'unknown') await anchor.known();
      // The connection may have been lost meanwhile.
      if (machine.state === 'active') break;
    }
    if (anchor.state.standing === 'unsupported') throw unsupported('content');
    if (anchor.state.standing === 'unknown') throw new ContentError('content-unknown', { retryable: true });
  }

  get #mayUpdateOthers(): boolean {
    const { nonCurrentUpdates } = this.#options;
    return nonCurrentUpdates ?? this.#session.chooser.choice.discovery?.supportsNonCurrentContextUpdates ?? false;
  }

  /** Waits for the subscription, as long as the client tries. */
  async #connected(): Promise<void> {
    const { machine, subscription, subscribers } = this.#session;
    while (machine.state !== 'active') {
      if (machine.state === 'closed') throw new FhircastError('closed');
      if (machine.state === 'denied') await subscription.ready();
      await new Promise<void>((resolve) => {
        const end = subscribers.add(() => {
          end();
          resolve();
        });
        // Whoever leaves clears the subscribers.
        unref(after(LOOK_MS, resolve));
      });
    }
  }

  #supports(type: string): boolean {
    const listed = this.#session.chooser.choice.discovery?.eventsSupported?.map((name) => name.toLowerCase()) ?? [];
    return listed.length === 0 || listed.includes('*') || listed.includes(`${type.toLowerCase()}-update`);
  }

  #changed(anchor: SharedAnchor, before: ResourceMap, edits: Edits, isEcho: boolean): void {
    const shared = this.#shared.get(anchor.key);
    if (!shared) return;
    const { facts } = anchor;
    const { snapshot: old } = shared;
    if (edits.size === 0 && isSameSnapshot(old, facts)) return;
    const content = new ContentSnapshot(facts);
    shared.snapshot = content;
    const isSelection = old.selected !== content.selected;
    if (edits.size > 0 || isSelection)
      this.#emit({ ...changesIn(before, edits), content, isEcho, isSelection, isClosed: false });
    this.#subscribers.notify();
    shared.outbox.looked();
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
