import { FhircastError, NotificationError } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import type { FhircastEvent } from '../events/event.ts';
import { text } from '../events/json.ts';
import type { Session } from '../session/session.ts';
import { pause } from '../web/timers.ts';
import { type AnchorMessage, apply, newAnchor } from './anchor-state.ts';
import { type Change, MOST_TEXT, readContent, readUpdate } from './bundles.ts';
import { changesIn, type ResourceChanges } from './content-change.ts';
import { ContentSnapshot, type SnapshotFacts } from './content-snapshot.ts';
import { type Edits, textLength } from './resource-map.ts';
import { anchorKeyOf, keyOf, nameOf } from './resource-names.ts';

/** Whom an anchor belongs to. */
export interface AnchorOwner {
  readonly session: Session;
  /** How long the hub may take to send an update back, in milliseconds. */
  readonly echoWithinMs: number;
  /** How much is kept of all its anchors, as text, in characters. */
  readonly length: number;
  /** Ends when the client is closed. */
  readonly signal: AbortSignal;
  /** There is another snapshot of it. */
  changed(anchor: SharedAnchor, before: ContentSnapshot, changes: ResourceChanges, isEcho: boolean): void;
  /** Whether the hub may share the content of a type, as far as it is known. */
  supports(type: string): boolean;
  /** Waits for the connection. */
  connected(): Promise<void>;
  /**
   * Waits until something can be sent.
   *
   * @throws ContentError why it cannot
   */
  ready(anchor: SharedAnchor, isSelect: boolean): Promise<void>;
}

/** How long to wait before the hub is asked again, in milliseconds: an event may be behind its answer, or ahead of it. */
const ASK_AGAIN_MS = [0, 50, 200, 800, 1_600, 3_000];

/** Of so many resources it is known when others have changed them. In the order of the changes. */
const MOST_TOUCHED = 4_096;
/** How long references are at most, one and all of a selection together. In characters. */
const LONGEST_REFERENCE = 2_048;
const LONGEST_SELECTION = 256 * 1024;

/** A version that is longer is none: what is remembered must not fill the memory. In characters. */
const LONGEST_VERSION = 1_024;
const short = (version = '') => (version.length > LONGEST_VERSION ? undefined : version || undefined);

const deviation = (at: string) => new NotificationError('notification-deviation', { at });

/** The content of one anchor: what is known of it, and what asks the hub when it is not. */
export class SharedAnchor {
  readonly key: string;
  /** The name by which updates mean it, such as `DiagnosticReport/r1`. */
  readonly name: string;
  /** The type, such as `DiagnosticReport`. */
  readonly type: string;
  context: CurrentContext | undefined;
  state = newAnchor();
  /** What is selected, by names. */
  selected: readonly string[] = [];
  offered: readonly string[];
  /** What an app sees of it. */
  snapshot: ContentSnapshot;
  clock = 0;
  /** When others have changed a resource last, and when what is not in it may have been changed last. */
  readonly #touched = new Map<string, number>();
  #forgotten = 0;
  readonly #clocks = new WeakMap<ContentSnapshot, number>();
  /** Whether a resource is as what is under way here makes it. */
  isOwn: (key: string) => boolean = () => false;
  readonly #owner: AnchorOwner;
  #asking: Promise<void> | undefined;
  #life = new AbortController();

  constructor(owner: AnchorOwner, key: string, name: string, offered: readonly string[]) {
    this.#owner = owner;
    this.key = key;
    this.name = name;
    this.type = name.slice(0, name.indexOf('/'));
    this.offered = offered;
    this.snapshot = new ContentSnapshot(this.#facts, this.state.content);
  }

  get isCurrent(): boolean {
    const { current } = this.#owner.session.contexts;
    return current !== null && anchorKeyOf(current) === this.key;
  }

  get #facts(): SnapshotFacts {
    const { name: anchor, context, isCurrent, selected, offered } = this;
    const { versionId, isResumed, standing } = this.state;
    const status = standing === 'unknown' && this.#asking ? 'fetching' : standing;
    return { anchor, context, isCurrent, status, versionId, selected, offered, isResumed };
  }

  /** How much is kept of it, as text, in characters. */
  get length(): number {
    const { content, waiting } = this.state;
    return waiting.reduce((sum, { length = 0 }) => sum + length, content.length);
  }

  /** When others have changed a resource last, in the order of what happened. */
  touched(key: string): number {
    return this.#touched.get(key) ?? this.#forgotten;
  }

  /** Up to when an app had seen what happened that has a snapshot. Of one from before the anchor was closed, nothing is known. */
  clockOf(snapshot: ContentSnapshot): number {
    return this.#clocks.get(snapshot) ?? 0;
  }

  /** The anchor was opened, or opened again. */
  open(context: CurrentContext, versionId: string | undefined): void {
    if (this.context) this.#offer();
    this.context = context;
    // What is being told may be older.
    if (versionId === undefined || versionId !== this.state.at) this.stop();
    this.#take({ kind: 'open', versionId: short(versionId) });
  }

  /** An update, or a select. */
  follow(event: FhircastEvent, isUpdate: boolean): void {
    const { id, isEcho } = event;
    const [versionId, priorVersionId] = [short(event.versionId), short(event.priorVersionId)];
    if (!isUpdate) {
      this.selected = this.#selectedBy(event);
      this.offered = [];
    }
    let changes: readonly Change[] | undefined = isUpdate ? readUpdate(event, (key) => this.#knownAs(key)) : [];
    const length = textLength(changes?.map(({ held }) => held) ?? []);
    // What nobody has room for is not kept in part: the hub is asked.
    if (this.#owner.length + length > MOST_TEXT) changes = undefined;
    if (!isUpdate && versionId === undefined) return this.settle(undefined, isEcho);
    const isUnchained = this.#take(
      { kind: 'link', link: { id, versionId, priorVersionId, changes, length: changes && length } },
      isEcho,
    );
    if (isUnchained && isUpdate) this.#owner.session.listeners.emit('warning', deviation('context.priorVersionId'));
  }

  /** A name that is too long is one that nobody knows. */
  #selectedBy(event: FhircastEvent): readonly string[] {
    const names = event.selected.flatMap(({ reference }) => text(reference) ?? []);
    const known = names.filter(({ length }) => length <= LONGEST_REFERENCE);
    if (known.join('').length <= LONGEST_SELECTION) return known;
    this.#owner.session.listeners.emit('warning', deviation('context.select'));
    return [];
  }

  /** The hub told what is current, and it is this anchor. */
  told(context: CurrentContext): void {
    const isTold = context.context.some(({ key }) => /^content$/i.test(key));
    const content = isTold ? readContent(context.content) : undefined;
    const { meta } = (context.anchor ?? {}) as { meta?: { versionId?: string } };
    const length = textLength(content?.values() ?? []);
    // What nobody has room for is unknown.
    if (this.#owner.length - this.length + length > MOST_TEXT) return this.doubt();
    // What cannot be read is no answer.
    if (!isTold || content)
      this.#take({ kind: 'answer', versionId: short(context.versionId ?? meta?.versionId), content });
    // The event that explains it may be behind the answer.
    void this.fetch();
  }

  /** Events may have been missed. */
  gap(): void {
    this.stop();
    this.#offer();
    this.#take({ kind: 'gap' });
  }

  /** What is selected now, nobody can ask for. What was selected is offered, or what was offered before it. */
  #offer(): void {
    if (!this.selected[0]) return;
    this.offered = this.selected;
    this.selected = [];
  }

  /** Something may have been missed on a connection that lives, and the hub has to say. */
  doubt(): void {
    this.#take({ kind: 'gap' });
  }

  /** Ends what is being asked. */
  stop(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#asking = undefined;
  }

  /** Asks the hub until the content is known, a few times. */
  async fetch(): Promise<void> {
    const { session, supports } = this.#owner;
    // Without a connection, what comes meanwhile would be missed.
    const mayAsk = this.state.standing === 'unknown' && this.isCurrent && session.machine.state === 'active';
    if (!this.#asking && mayAsk) {
      if (!supports(this.type)) this.state = { ...this.state, standing: 'unsupported' };
      else {
        const asking = this.#ask(this.#life.signal).finally(() => {
          if (this.#asking === asking) this.#asking = undefined;
          this.settle();
        });
        this.#asking = asking;
      }
      this.settle();
    }
    // What is asked may be asked anew meanwhile.
    while (this.#asking) await this.#asking;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    for (const wait of ASK_AGAIN_MS) {
      await pause(wait, signal);
      if (signal.aborted || !this.isCurrent || this.state.standing !== 'unknown') return;
      try {
        // The session tells the answer.
        await this.#owner.session.api.askContext(signal);
      } catch (error) {
        if (!(error instanceof FhircastError && error.retryable)) break;
      }
    }
    if (!signal.aborted) this.#take({ kind: 'given-up' });
  }

  #take(message: AnchorMessage, isEcho = false): boolean | undefined {
    const { state, edits, isToAsk, isUnchained } = apply(this.state, message);
    this.state = state;
    if (!isEcho) {
      this.clock++;
      for (const key of edits.keys()) if (!this.isOwn(key)) this.#touch(key);
    }
    if (isToAsk) void this.fetch();
    this.settle(edits, isEcho);
    return isUnchained;
  }

  #touch(key: string): void {
    this.#touched.delete(key);
    this.#touched.set(key, this.clock);
    const [oldest] = this.#touched;
    if (!oldest || this.#touched.size <= MOST_TOUCHED) return;
    this.#touched.delete(oldest[0]);
    this.#forgotten = oldest[1];
  }

  /** Tells of what came of something. References that nobody knows select nothing. */
  settle(edits: Edits = new Map(), isEcho = false): void {
    const { content, standing } = this.state;
    const known = this.selected.flatMap((one) => this.nameOfKnown(one) ?? []);
    if (standing === 'known' && known.join() !== this.selected.join()) this.selected = known;
    const facts = this.#facts;
    const before = this.snapshot;
    const isSame = (Object.keys(facts) as (keyof SnapshotFacts)[]).every((name) => before[name] === facts[name]);
    if (isSame && edits.size === 0) return;
    this.snapshot = new ContentSnapshot(facts, content);
    this.#clocks.set(this.snapshot, this.clock);
    this.#owner.changed(
      this,
      before,
      changesIn((key) => before.get(key), edits),
      isEcho,
    );
  }

  /**
   * The name of what a reference means; `undefined` for what is neither in the content nor in what was opened.
   *
   * @param reference in any form
   */
  nameOfKnown(reference: string): string | undefined {
    const key = keyOf(reference);
    const { content } = this.state;
    const found = key ?? content.keyOfUrl(reference);
    const resource = found && (content.get(found)?.resource ?? this.#opened(found));
    return resource && nameOf(resource);
  }

  /** Whether a resource is one with which the anchor was opened. */
  isOpened(key: string): boolean {
    return (
      key === this.key || !!this.context?.context.some((entry) => keyOf(entry.resource ?? entry.reference) === key)
    );
  }

  #opened(key: string) {
    return this.context?.context.find((entry) => keyOf(entry.resource) === key)?.resource;
  }

  #knownAs(key: string): object | undefined {
    return this.state.content.get(key)?.resource ?? this.#opened(key);
  }
}
