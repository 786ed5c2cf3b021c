import { FhircastError, NotificationError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import type { FhircastEvent } from '../events/event.ts';
import type { ContextAnswer } from '../hub/api.ts';
import type { Session } from '../session/session.ts';
import { pause } from '../web/timers.ts';
import { type AnchorMessage, type AnchorState, apply, newAnchor, type Outcome } from './anchor-state.ts';
import { readContent, readUpdate } from './bundles.ts';
import type { ContentSnapshot, ContentStatus, SnapshotFacts } from './content-snapshot.ts';
import type { Edits, ResourceMap } from './resource-map.ts';
import { anchorKeyOf, keyOf, nameOf } from './resource-names.ts';

/** What an anchor tells of. */
export interface AnchorListener {
  /** Something of it is otherwise. */
  changed(anchor: SharedAnchor, before: ResourceMap, edits: Edits, isEcho: boolean): void;
  /** Whether the hub may share the content of a type, as far as it is known. */
  supports(type: string): boolean;
}

/** How long to wait before the hub is asked again, in milliseconds: an event may be behind its answer, or ahead of it. */
const ASK_AGAIN_MS = [50, 200, 800, 1_600, 3_000];

/** The content of one anchor: what is known of it, and what asks the hub when it is not. */
export class SharedAnchor {
  readonly key: string;
  /** The name by which updates mean it, such as `DiagnosticReport/r1`. */
  readonly name: string;
  /** The type, such as `DiagnosticReport`. */
  readonly type: string;
  context: CurrentContext | undefined;
  state: AnchorState;
  /** What is selected, by names. */
  selected: readonly string[] = [];
  offered: readonly string[] = [];
  isClosed = false;
  /** When others have changed a resource last, in the order of what happened. */
  readonly touched = new Map<string, number>();
  clock = 0;
  /** Whether a resource is as what is under way here makes it. */
  isOwn: (key: string) => boolean = () => false;
  readonly #session: Session;
  readonly #listener: AnchorListener;
  #asking: Promise<void> | undefined;
  #isAsking = false;
  #answer: ContextAnswer | undefined;
  #life = new AbortController();

  constructor(
    session: Session,
    listener: AnchorListener,
    { key, name, versionId }: { readonly key: string; readonly name: string; readonly versionId: string | undefined },
  ) {
    this.#session = session;
    this.#listener = listener;
    this.key = key;
    this.name = name;
    this.type = name.slice(0, name.indexOf('/'));
    this.state = newAnchor(versionId);
  }

  get isCurrent(): boolean {
    const { current } = this.#session.contexts;
    return !this.isClosed && current !== null && anchorKeyOf(current) === this.key;
  }

  get status(): ContentStatus {
    const { standing } = this.state;
    return standing === 'unknown' && this.#isAsking ? 'fetching' : standing;
  }

  get facts(): SnapshotFacts {
    const { name: anchor, context, isCurrent, status, selected, offered } = this;
    const { versionId, isResumed, content: resources } = this.state;
    return { anchor, context, isCurrent, status, versionId, selected, offered, isResumed, resources };
  }

  /**
   * The anchor was opened, or opened again.
   *
   * @param answer what the hub has just told of it
   */
  open(context: CurrentContext, versionId: string | undefined, answer?: ContextAnswer): void {
    if (this.context && this.selected.length > 0) {
      this.offered = this.selected;
      this.selected = [];
    }
    this.context = context;
    this.#answer = answer;
    // What is being told may be older.
    if (versionId === undefined || versionId !== this.state.at) this.#renew();
    this.#take({ kind: 'open', versionId });
  }

  /** An update, or a select. */
  follow(event: FhircastEvent, verb: string): void {
    const { id, versionId, priorVersionId } = event;
    const isUpdate = verb === 'update';
    if (!isUpdate) {
      this.selected = event.selected.flatMap(({ reference }) => reference ?? []);
      this.offered = [];
    }
    const changes = isUpdate ? readUpdate(event, (key) => this.#knownAs(key)) : [];
    if (isUpdate || versionId !== undefined)
      this.#take({ kind: 'link', link: { id, versionId, priorVersionId, changes } }, event.isEcho, isUpdate);
    else this.#settle();
  }

  /** The hub told what is current, and it is this anchor. */
  told({ context }: ContextAnswer): void {
    if (!context) return;
    const isTold = context.context.some(({ key }) => key.toLowerCase() === 'content');
    const content = isTold ? readContent(context.content) : undefined;
    // What cannot be read is no answer.
    if (isTold && !content) return;
    const versionId =
      context.versionId ?? (context.anchor as { meta?: { versionId?: string } } | undefined)?.meta?.versionId;
    this.#take({ kind: 'answer', versionId, content });
  }

  /** Events may have been missed. */
  gap(): void {
    this.#renew();
    this.offered = this.selected;
    this.#take({ kind: 'gap' });
  }

  /** Ends what is being asked. */
  #renew(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#isAsking = false;
    this.#asking = undefined;
  }

  close(): void {
    this.isClosed = true;
    this.#life.abort();
  }

  /** The hub does not share the content of this type. */
  unsupported(): void {
    if (this.state.standing === 'unsupported') return;
    this.state = { ...this.state, standing: 'unsupported' };
    this.#settle();
  }

  /** Something beside the content may be otherwise: what is current. */
  look(): void {
    this.#settle();
  }

  /** Asks the hub until the content is known, a few times. */
  fetch(): Promise<void> {
    // Without a connection, what comes meanwhile would be missed.
    if (this.#asking || !this.isCurrent || this.#session.machine.state !== 'active')
      return this.#asking ?? Promise.resolve();
    if (!this.#listener.supports(this.type)) {
      this.unsupported();
      return Promise.resolve();
    }
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer) this.told(answer);
    if (this.state.standing !== 'unknown' || this.#asking) return Promise.resolve();
    this.#isAsking = true;
    this.#settle();
    const asking = this.#ask(this.#life.signal).finally(() => {
      if (this.#asking !== asking) return;
      this.#isAsking = false;
      this.#asking = undefined;
      this.#settle();
    });
    this.#asking = asking;
    return asking;
  }

  /** Waits until the content is known, or nobody can say it. */
  async known(): Promise<void> {
    do await this.fetch();
    while (this.#asking);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { api } = this.#session;
    for (const wait of [0, ...ASK_AGAIN_MS]) {
      if (wait > 0) await pause(wait, signal);
      if (signal.aborted || !this.isCurrent || this.state.standing !== 'unknown') return;
      try {
        // The session tells the answer.
        await api.askContext(signal);
      } catch (error) {
        if (!(error instanceof FhircastError) || !error.retryable) break;
      }
      if (signal.aborted || this.state.standing !== 'unknown') return;
    }
    this.#take({ kind: 'given-up' });
  }

  #take(message: AnchorMessage, isEcho = false, isUpdate = false): void {
    const before = this.state.content;
    const { state, edits, isToAsk, isUnchained }: Outcome = apply(this.state, message);
    this.state = state;
    if (!isEcho) {
      this.clock++;
      for (const key of edits.keys()) if (!this.isOwn(key)) this.touched.set(key, this.clock);
    }
    if (isUnchained && isUpdate)
      this.#session.listeners.emit(
        'warning',
        new NotificationError('notification-deviation', { at: 'context.priorVersionId' }),
      );
    if (isToAsk) void this.fetch();
    this.#settle(before, edits, isEcho);
  }

  /** Tells of what came of something. References that nobody knows select nothing. */
  #settle(before = this.state.content, edits: Edits = new Map(), isEcho = false): void {
    if (this.state.standing === 'known') {
      const known = this.selected.flatMap((one) => this.nameOfKnown(one) ?? []);
      if (known.join() !== this.selected.join()) this.selected = known;
    }
    this.#listener.changed(this, before, edits, isEcho);
  }

  /**
   * The name of what a reference means; `undefined` for what is neither in the content nor in what was opened.
   *
   * @param reference in any form
   */
  nameOfKnown(reference: string): string | undefined {
    const key = keyOf(reference);
    const { content } = this.state;
    const held =
      key === undefined ? content.entries().find(([, { fullUrl }]) => fullUrl === reference)?.[1] : content.get(key);
    if (held) return nameOf(held.resource);
    const opened = this.context?.context.find((entry) => key !== undefined && keyOf(entry.resource) === key);
    return opened?.resource && nameOf(opened.resource);
  }

  /** Whether a resource is one with which the anchor was opened. */
  isOpened(key: string): boolean {
    return (
      key === this.key || !!this.context?.context.some((entry) => keyOf(entry.resource ?? entry.reference) === key)
    );
  }

  #knownAs(key: string): object | undefined {
    const opened = this.context?.context.find((entry) => keyOf(entry.resource) === key)?.resource;
    return this.state.content.get(key)?.resource ?? opened;
  }
}

/** What changed between two snapshots beside the content. */
export const isSameSnapshot = (one: ContentSnapshot, facts: SnapshotFacts): boolean =>
  (['anchor', 'context', 'isCurrent', 'status', 'versionId', 'selected', 'offered', 'isResumed'] as const).every(
    (name) => one[name] === facts[name],
  );
