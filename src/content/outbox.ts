import { FhircastError, HubError } from '../errors/errors.ts';
import { anchorKey } from '../events/definitions.ts';
import type { FhircastEvent } from '../events/event.ts';
import { identityOf } from '../events/identity.ts';
import { isObject } from '../events/json.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import { statusPasses } from '../hub/failures.ts';
import { type HttpAnswer, hubError } from '../hub/http.ts';
import type { Session } from '../session/session.ts';
import { randomHex } from '../web/random.ts';
import { after, pause, unref } from '../web/timers.ts';
import { makeBundle, uuid } from './bundles.ts';
import { ContentError } from './content-error.ts';
import type { ContentSnapshot } from './content-snapshot.ts';
import type { Delivered, Operation, PlannedEdits } from './operation.ts';
import type { Held } from './resource-map.ts';
import { isSameResourceJson } from './same-json.ts';
import type { SharedAnchor } from './shared-anchor.ts';

/** What an outbox needs to know of its surroundings. */
export interface OutboxOptions {
  readonly session: Session;
  readonly anchor: SharedAnchor;
  /** How long the hub may take to send an update back, in milliseconds. */
  readonly echoWithinMs: number;
  /** Ends when the client is closed. */
  readonly signal: AbortSignal;
  snapshot(): ContentSnapshot;
  /**
   * Waits until something can be sent.
   *
   * @throws ContentError why it cannot
   */
  ready(isSelect: boolean): Promise<void>;
  /** Waits for the connection. */
  connected(): Promise<void>;
}

/** What is under way. */
interface Sent {
  readonly id: string;
  readonly bundleId: string;
  /** The version that it builds on. */
  readonly versionId: string | undefined;
  readonly edits: PlannedEdits;
  /** Whether the hub has said that it takes it. */
  isAccepted: boolean;
  arrived(how: Arrival): void;
}

/** What tells that something under way has arrived, or has not: it came back, it is seen in the content, a SyncError names it, or nothing. */
interface Arrival {
  readonly how?: 'arrived';
  readonly event?: FhircastEvent;
  readonly refusal?: FhircastError;
}

/** STU3 speaks of dozens. */
const MOST_TOGETHER = 50;
/** How often a conflict is tried to be solved, and how often what did not arrive is sent. */
const CONFLICTS = 32;
const TRIES = 5;
/** The answers that say nothing of a version. 413 and `too-long` have an error of their own. */
const NO_CONFLICT: readonly number[] = [401, 403, 415];
const TOO_LARGE = 413;
const FIRST_PAUSE_MS = 200;
/** How long the hub's answer may be behind the event. */
const ANSWER_BEHIND_MS = 1_000;

/** Sends what an app wants to change of one anchor: one at a time, and what is made meanwhile together. */
export class Outbox {
  readonly #options: OutboxOptions;
  #waiting: Operation[] = [];
  #isRunning = false;
  #sent: Sent | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.anchor.isOwn = (key) => {
      const edit = this.#sent?.edits.get(key);
      return edit !== undefined && this.#isDone(key, edit);
    };
  }

  add(operation: Operation): void {
    this.#waiting.push(operation);
    if (!this.#isRunning) void this.#run();
  }

  /** Whether a notification is what is under way, coming back: by its id, or by that of its Bundle. */
  isEcho({ id, context }: Pick<Notification, 'id' | 'context'>): boolean {
    const { id: ours, bundleId } = this.#sent ?? {};
    if (ours === undefined) return false;
    return (
      id === ours || context.some(({ resource }) => resource?.resourceType === 'Bundle' && resource.id === bundleId)
    );
  }

  /** An event has been followed. */
  received(event: FhircastEvent): void {
    const sent = this.#sent;
    if (!sent) return;
    if (this.isEcho(event)) return sent.arrived({ how: 'arrived', event });
    const refused = event.syncErrors.find(({ eventId }) => eventId === sent.id);
    if (!refused) return;
    const details = { hubText: refused.diagnostics ?? '' };
    sent.arrived({
      refusal:
        refused.code === 'too-long'
          ? new ContentError('content-too-large', details)
          : new HubError('hub-refused', details),
    });
  }

  /** The content is otherwise: what is under way may be seen in it. */
  looked(): void {
    const sent = this.#sent;
    if (sent?.isAccepted && this.#isMoved(sent) && this.#isIn(sent)) sent.arrived({ how: 'arrived' });
  }

  /** Nothing can be sent any more. */
  close(error: FhircastError): void {
    for (const operation of this.#waiting.splice(0)) operation.reject(error);
    this.#sent?.arrived({ refusal: error });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is made in the same breath goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      let batch: readonly Operation[] = [...this.#waiting];
      try {
        await this.#options.ready(batch[0]?.selection !== undefined);
        const [taken, edits] = this.#take();
        batch = taken;
        if (batch.length > 0) await this.#deliver(batch, edits);
      } catch (error) {
        this.#failed(batch, error);
      } finally {
        this.#sent = undefined;
      }
    }
    this.#isRunning = false;
  }

  #failed(batch: readonly Operation[], error: unknown): void {
    this.#waiting = this.#waiting.filter((operation) => !batch.includes(operation));
    // One of several may have been refused: each is sent by itself.
    const isShared = batch.length > 1 && batch.every(({ selection, isAlone }) => !selection && !isAlone);
    const isRefusal = error instanceof FhircastError && /^hub-refused$|-large$/.test(error.code);
    if (isShared && isRefusal && !this.#options.signal.aborted) {
      for (const operation of batch) operation.isAlone = true;
      this.#waiting = [...batch, ...this.#waiting];
    } else for (const operation of batch) operation.reject(error);
  }

  /** Takes what goes together from what waits, and merges it. */
  #take(): [readonly Operation[], PlannedEdits] {
    const { anchor } = this.#options;
    const taken: Operation[] = [];
    const edits: PlannedEdits = new Map();
    const snapshot = this.#options.snapshot();
    while (this.#waiting[0]) {
      const [operation] = this.#waiting;
      const [first] = taken;
      const isOfOneKind = (first?.selection === undefined) === (operation.selection === undefined);
      if (first && (!isOfOneKind || first.isAlone || operation.isAlone)) break;
      if (operation.signal?.aborted) {
        this.#waiting.shift();
        continue;
      }
      let planned: PlannedEdits | undefined;
      try {
        planned = operation.plan(snapshot);
        if (!operation.decides) this.#mustNotConflict(operation, planned);
      } catch (error) {
        this.#waiting.shift();
        operation.reject(error);
        continue;
      }
      const overlaps = [...planned.keys()].some((key) => edits.has(key));
      const isTooMuch = new Set([...edits.keys(), ...planned.keys()]).size > MOST_TOGETHER;
      // A function has not seen what goes before it.
      if (first && (isTooMuch || (overlaps && operation.decides))) break;
      this.#waiting.shift();
      taken.push(operation);
      for (const [key, edit] of planned) {
        const isForNothing = typeof edit === 'string' && edits.has(key) && !anchor.state.content.get(key);
        edits.delete(key);
        if (!isForNothing) edits.set(key, edit);
      }
    }
    return [taken, edits];
  }

  /**
   * What an app decided before others changed the same, it has to decide again.
   *
   * @throws ContentError `content-conflict`
   */
  #mustNotConflict(operation: Operation, planned: PlannedEdits): void {
    const { anchor } = this.#options;
    operation.since ??= anchor.clock;
    const { since } = operation;
    const theirs = [...planned].filter(([key]) => (anchor.touched.get(key) ?? 0) > since);
    if (theirs.length === 0) return;
    const named = theirs.map(([key, edit]) => {
      const [resourceType = '', id = ''] = typeof edit === 'string' ? edit.split('/') : [];
      const known =
        anchor.state.content.get(key)?.resource ?? (typeof edit === 'string' ? { resourceType, id } : edit.resource);
      return {
        isThere: anchor.state.content.get(key) !== undefined,
        name: { resourceType: known.resourceType, id: known.id ?? '' },
      };
    });
    const changed = named.filter(({ isThere }) => isThere).map(({ name }) => name);
    const removed = named.filter(({ isThere }) => !isThere).map(({ name }) => name);
    const at = theirs.map(([key]) => key.slice(0, key.indexOf('/'))).join();
    throw new ContentError('content-conflict', { at, changes: { added: [], changed, removed } });
  }

  async #deliver(batch: readonly Operation[], edits: PlannedEdits): Promise<void> {
    const selection = batch[batch.length - 1]?.selection;
    const isNothing = selection === undefined && edits.size === 0;
    const result = isNothing ? {} : await this.#send(edits, selection);
    if (result !== 'conflict') {
      for (const operation of batch) operation.resolve(result, this.#options.snapshot());
      return;
    }
    const again = batch.filter((operation) => {
      if (++operation.conflicts <= CONFLICTS) return true;
      operation.reject(new ContentError('content-conflict', { retryable: true }));
      return false;
    });
    this.#waiting = [...again, ...this.#waiting];
    // Many writers must not meet again and again.
    const [{ conflicts = 0 } = {}] = again;
    if (conflicts > 1) await pause(Math.random() * Math.min(conflicts * 20, 500), this.#options.signal);
  }

  /** Sends one event until it is known what became of it. */
  async #send(edits: PlannedEdits, selection: readonly string[] | undefined): Promise<Delivered | 'conflict'> {
    const { anchor, signal, session } = this.#options;
    const bundleId = uuid();
    let id = randomHex(16);
    for (let tries = 1; ; tries++) {
      const { at: versionId } = anchor.state;
      let arrived: (how: Arrival) => void = () => {};
      const arrival = new Promise<Arrival>((resolve) => {
        arrived = resolve;
      });
      const sent: Sent = { id, bundleId, versionId, edits, isAccepted: false, arrived };
      this.#sent = sent;
      let answer: HttpAnswer | undefined;
      let failure: FhircastError | undefined;
      try {
        const posted = session.api.publish(this.#event(sent, selection), signal);
        posted.catch(() => {});
        // What comes back before the answer has arrived. The answer to a select says whether it was ignored in part.
        const first = await Promise.race([posted, arrival]);
        const isAnswer = 'status' in first;
        answer = isAnswer ? first : selection && (await Promise.race([posted, soon()]));
      } catch (error) {
        if (!(error instanceof FhircastError) || !error.retryable || signal.aborted) throw error;
        failure = error;
      }
      sent.isAccepted = answer?.ok === true;
      // A refusal is followed by nothing.
      if (!sent.isAccepted) arrived({});
      const timer = after(this.#options.echoWithinMs, () => arrived({}));
      unref(timer);
      const { how, refusal: denied, event } = await arrival;
      clearTimeout(timer);
      if (signal.aborted) throw new FhircastError('closed');
      if (how === 'arrived') return this.#done(sent, answer, selection, event);
      const refusal = denied ?? (answer && !answer.ok ? refusalOf(answer) : undefined);
      if (
        refusal &&
        (refusal.code === 'content-too-large' || NO_CONFLICT.includes(refusal.status ?? 0) || anchor.isClosed)
      )
        throw refusal;
      if (selection && answer?.ok && !refusal) return this.#done(sent, answer, selection, undefined);
      const found = await this.#whereIs(sent, selection !== undefined);
      if (found === 'arrived') return this.#done(sent, answer, selection, undefined);
      if (found === 'conflict') return 'conflict';
      const isFinal = refusal && !(refusal.status && statusPasses(refusal.status));
      if (isFinal || tries >= TRIES) throw refusal ?? failure ?? new HubError('hub-timeout', { retryable: true });
      // No answer: the same id. An answer that is an error: a new one.
      if (refusal) id = randomHex(16);
      await pause(refusal?.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (tries - 1), signal);
    }
  }

  #done(
    { id }: Sent,
    answer: HttpAnswer | undefined,
    selection: readonly string[] | undefined,
    echo: FhircastEvent | undefined,
  ): Delivered {
    this.#sent = undefined;
    const { anchor } = this.#options;
    const told = echo?.selected.map(({ reference }) => reference);
    const ignored = (selection ?? []).filter(
      (reference) => anchor.nameOfKnown(reference) === undefined || (told && !told.includes(reference)),
    );
    return { id, status: answer?.status, ignored };
  }

  /**
   * What became of what nobody has confirmed. The hub is asked where it can be.
   *
   * @throws ContentError `content-unknown` when nobody can say
   */
  async #whereIs(sent: Sent, isSelect: boolean): Promise<'arrived' | 'absent' | 'conflict'> {
    const { anchor, session, signal } = this.#options;
    await this.#options.connected();
    if (!this.#isMoved(sent) && anchor.isCurrent) {
      // An answer that comes later than the refusal.
      await session.api.askContext(signal).catch(() => {});
    }
    if (anchor.state.standing === 'unknown') await anchor.known();
    if (anchor.state.standing !== 'known') throw new ContentError('content-unknown', { retryable: true });
    if (!this.#isMoved(sent)) return 'absent';
    return !isSelect && this.#isIn(sent) ? 'arrived' : 'conflict';
  }

  /** Whether the content is of another version than the one that was sent. */
  #isMoved({ versionId }: Sent): boolean {
    const { state } = this.#options.anchor;
    return state.standing === 'known' && state.at !== versionId;
  }

  /** Whether the content is as what is under way makes it. */
  #isIn({ edits }: Sent): boolean {
    return edits.size > 0 && [...edits].every(([key, edit]) => this.#isDone(key, edit));
  }

  #isDone(key: string, edit: Held | string): boolean {
    const held = this.#options.anchor.state.content.get(key);
    return typeof edit === 'string' ? !held : held !== undefined && isSameResourceJson(held.resource, edit.resource);
  }

  #event({ id, bundleId, versionId, edits }: Sent, selection: readonly string[] | undefined) {
    const { anchor, session } = this.#options;
    const { api } = session;
    const canonical = canonicalName(`${anchor.type}-${selection ? 'select' : 'update'}`);
    const name = api.dialect.spell(canonical)[0] ?? canonical;
    const patient = anchor.context?.context.find(({ key }) => key.toLowerCase() === 'patient');
    const patientId = patient && identityOf(patient).id;
    const reference = (key: string, to: string) => ({ key, reference: { reference: to } });
    const context = [
      reference(anchorKey(anchor.type), anchor.name),
      ...(patientId && anchorKey(anchor.type) !== 'patient' ? [reference('patient', `Patient/${patientId}`)] : []),
      ...(selection ? this.#selectEntries(selection) : [{ key: 'updates', resource: makeBundle(bundleId, edits) }]),
    ];
    const version = versionId === undefined ? {} : { 'context.versionId': versionId };
    const event = { 'hub.topic': api.topic, 'hub.event': name, ...version, context };
    return { body: { timestamp: new Date().toISOString(), id, event }, name };
  }

  /** What is selected, as the hub wants it. */
  #selectEntries(selection: readonly string[]): readonly object[] {
    const { selectsBy = 'references', clearsBy = 'entry' } = this.#options.session.api.dialect;
    if (selection.length === 0) return clearsBy === 'entry' ? [{ key: 'select' }] : [];
    if (selectsBy === 'references') return selection.map((reference) => ({ key: 'select', reference: { reference } }));
    const all = selection.map((reference) => {
      if (selectsBy === 'reference') return { reference };
      const [resourceType, id] = reference.split('/');
      return { resourceType, id };
    });
    return [{ key: 'select', [selectsBy]: all }];
  }
}

/** The hub's answer is not far behind. */
const soon = (): Promise<undefined> =>
  new Promise((resolve) => {
    unref(after(ANSWER_BEHIND_MS, () => resolve(undefined)));
  });

/** The error for an answer that is a refusal. */
function refusalOf(answer: HttpAnswer): HubError {
  const error = hubError(answer);
  const isTooLong = answer.status === TOO_LARGE || /"code"\s*:\s*"too-long"/.test(answer.text.slice(0, 65_536));
  return isTooLong && isObject(error)
    ? new ContentError('content-too-large', { status: answer.status, hubText: error.hubText ?? '' })
    : error;
}
