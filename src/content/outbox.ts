import { FhircastError, HubError } from '../errors/errors.ts';
import { anchorKey } from '../events/definitions.ts';
import type { FhircastEvent } from '../events/event.ts';
import { identityOf } from '../events/identity.ts';
import { canonicalName } from '../events/names.ts';
import type { Notification } from '../events/notification.ts';
import { statusPasses } from '../hub/failures.ts';
import { type HttpAnswer, hubError } from '../hub/http.ts';
import { randomHex } from '../web/random.ts';
import { after, pause, unref } from '../web/timers.ts';
import { makeBundle, uuid } from './bundles.ts';
import { changesIn } from './content-change.ts';
import { ContentError } from './content-error.ts';
import type { Delivered, Operation, PlannedEdits } from './operation.ts';
import type { Held } from './resource-map.ts';
import { anchorKeyOf, type SharedResource } from './resource-names.ts';
import { isSameResourceJson } from './same-json.ts';
import type { AnchorOwner, SharedAnchor } from './shared-anchor.ts';

/** What is under way. */
interface Sent {
  readonly id: string;
  readonly bundleId: string;
  /** The version that it builds on. */
  readonly versionId: string | undefined;
  readonly edits: PlannedEdits;
  /** Whether the hub has said that it takes it. */
  isAccepted: boolean;
  /**
   * Something tells what became of it.
   *
   * @param what it came back or is seen in the content, a SyncError names it, or nothing tells
   */
  arrived(what: FhircastEvent | 'seen' | FhircastError | undefined): void;
}

/** STU3 speaks of dozens. */
const MOST_TOGETHER = 50;
/** How often a conflict is tried to be solved, and how often what did not arrive is sent. */
const CONFLICTS = 32;
const TRIES = 5;
/** These answers, and what is too large, say nothing of a version. */
const NO_CONFLICT: readonly (number | undefined)[] = [401, 403, 413, 415];
const TOO_LARGE = 413;
const FIRST_PAUSE_MS = 200;
/** How long the hub's answer may be behind the event. */
const ANSWER_BEHIND_MS = 1_000;

/** Sends what an app wants to change of one anchor: one at a time, and what is made meanwhile together. */
export class Outbox {
  readonly #owner: AnchorOwner;
  readonly #anchor: SharedAnchor;
  #waiting: Operation[] = [];
  #isRunning = false;
  #sent: Sent | undefined;

  constructor(owner: AnchorOwner, anchor: SharedAnchor) {
    this.#owner = owner;
    this.#anchor = anchor;
    anchor.isOwn = (key) => {
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
    const sent = this.#sent;
    return !!sent && (id === sent.id || context.some(({ resource }) => resource?.id === sent.bundleId));
  }

  /** An event has been followed. */
  received(event: FhircastEvent): void {
    const sent = this.#sent;
    if (!sent) return;
    if (this.isEcho(event)) return sent.arrived(event);
    const refused = event.syncErrors.find(({ eventId }) => eventId === sent.id);
    if (!refused) return;
    const hubText = refused.diagnostics ?? '';
    sent.arrived(refused.code === 'too-long' ? tooLarge({ hubText }) : new HubError('hub-refused', { hubText }));
  }

  /** The content is otherwise: what is under way may be seen in it. */
  looked(): void {
    const sent = this.#sent;
    if (sent?.isAccepted && this.#isMoved(sent) && this.#isIn(sent)) sent.arrived('seen');
  }

  /** Nothing can be sent any more. */
  close(error: FhircastError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#sent?.arrived(error);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is made in the same breath goes together.
    await Promise.resolve();
    while (this.#waiting[0]) {
      let batch: readonly Operation[] = [...this.#waiting];
      try {
        await this.#owner.ready(this.#anchor, this.#waiting[0].selection !== undefined);
        const [taken, edits] = this.#take();
        batch = taken;
        if (batch[0]) await this.#deliver(batch, edits);
      } catch (error) {
        this.#failed(batch, error);
      }
      this.#sent = undefined;
    }
    this.#isRunning = false;
  }

  #failed(batch: readonly Operation[], error: unknown): void {
    this.#waiting = this.#waiting.filter((operation) => !batch.includes(operation));
    const isRefusal = error instanceof FhircastError && /^hub-refused$|-large$/.test(error.code);
    // One of several may have been refused: each is sent by itself.
    const isToPart = isRefusal && batch.length > 1 && !batch[0]?.selection;
    if (isToPart) this.#waiting.unshift(...batch);
    for (const operation of batch) {
      if (isToPart) operation.isAlone = true;
      else operation.reject(error);
    }
  }

  /** Takes what goes together from what waits, and merges it. */
  #take(): [readonly Operation[], PlannedEdits] {
    const { snapshot, state } = this.#anchor;
    const taken: Operation[] = [];
    const edits: PlannedEdits = new Map();
    for (let operation = this.#waiting[0]; operation; operation = this.#waiting[0]) {
      const [first] = taken;
      const isOfOneKind = !first?.selection === !operation.selection && !first?.isAlone && !operation.isAlone;
      if (first && !isOfOneKind) break;
      try {
        const planned = (!operation.signal?.aborted && operation.plan?.(snapshot)) || new Map<string, Held | string>();
        if (!operation.decides) this.#mustNotConflict(operation, planned);
        const keys = [...planned.keys()];
        const added = keys.filter((key) => !edits.has(key)).length;
        // A function has not seen what goes before it.
        const isAfter = operation.decides && added < keys.length;
        if (first && (isAfter || edits.size + added > MOST_TOGETHER)) break;
        taken.push(operation);
        for (const [key, edit] of planned) {
          const isForNothing = typeof edit === 'string' && edits.has(key) && !state.content.get(key);
          edits.delete(key);
          if (!isForNothing) edits.set(key, edit);
        }
      } catch (error) {
        operation.reject(error);
      }
      this.#waiting.shift();
    }
    return [taken, edits];
  }

  /**
   * What an app decided before others changed the same, it has to decide again.
   *
   * @throws ContentError `content-conflict`
   */
  #mustNotConflict(operation: Operation, planned: PlannedEdits): void {
    const { state, clock } = this.#anchor;
    operation.since ??= clock;
    const { since } = operation;
    const theirs = [...planned.keys()].filter((key) => this.#anchor.touched(key) > since);
    if (!theirs[0]) return;
    const ours = (key: string): SharedResource | undefined => {
      const edit = planned.get(key);
      const [resourceType = '', id] = typeof edit === 'string' ? edit.split('/') : [];
      return typeof edit === 'object' ? edit.resource : ({ resourceType, id } as SharedResource);
    };
    const changes = changesIn(ours, new Map(theirs.map((key) => [key, state.content.get(key)])));
    throw new ContentError('content-conflict', { changes });
  }

  async #deliver(batch: readonly Operation[], edits: PlannedEdits): Promise<void> {
    const selection = batch[batch.length - 1]?.selection;
    const delivered = selection || edits.size > 0 ? await this.#send(edits, selection) : {};
    if (delivered) {
      for (const { resolve } of batch) resolve(delivered);
      return;
    }
    const again = batch.filter((operation) => {
      if (++operation.conflicts <= CONFLICTS) return true;
      operation.reject(new ContentError('content-conflict', { retryable: true }));
      return false;
    });
    this.#waiting.unshift(...again);
    // Many writers must not meet again and again.
    const { conflicts = 0 } = again[0] ?? {};
    if (conflicts > 1) await pause(Math.random() * Math.min(conflicts * 20, 500), this.#owner.signal);
  }

  /**
   * Sends one event until it is known what became of it.
   *
   * @returns `undefined` when others were first
   */
  async #send(edits: PlannedEdits, selection: readonly string[] | undefined): Promise<Delivered | undefined> {
    const { signal, session, echoWithinMs } = this.#owner;
    const bundleId = uuid();
    let id = randomHex(16);
    // The refusal of a repetition says nothing of what was sent first.
    let mayBeTaken = false;
    for (let tries = 1; ; tries++) {
      let arrived: Sent['arrived'] = () => {};
      const arrival = new Promise<Parameters<Sent['arrived']>[0]>((resolve) => {
        arrived = resolve;
      });
      const { at: versionId } = this.#anchor.state;
      const sent: Sent = { id, bundleId, versionId, edits, isAccepted: false, arrived };
      this.#sent = sent;
      let answer: HttpAnswer | undefined;
      let failure: FhircastError | undefined;
      try {
        const posted = session.api.publish(this.#event(sent, selection), signal);
        posted.catch(() => {});
        // What comes back before the answer has arrived. The answer to a select says whether it was ignored in part.
        await Promise.race([posted, arrival.then(() => selection && soon())]);
        answer = await Promise.race([posted, Promise.resolve().then(() => undefined)]);
      } catch (error) {
        if (!(error instanceof FhircastError && error.retryable) || signal.aborted) throw error;
        failure = error;
      }
      sent.isAccepted = answer?.ok === true;
      // A refusal is followed by nothing.
      const timer = after(sent.isAccepted ? echoWithinMs : 0, () => arrived(undefined));
      unref(timer);
      const what = await arrival;
      clearTimeout(timer);
      if (signal.aborted) throw new FhircastError('closed');
      const refusal = what instanceof FhircastError ? what : answer && !answer.ok ? refusalOf(answer) : undefined;
      const isIn = what && what !== refusal;
      if (isIn || (selection && sent.isAccepted && !refusal)) return this.#delivered(id, answer, selection, what);
      // Of what is not taken for another reason, the version says nothing.
      if (refusal && (/-large$|^content-|^closed$/.test(refusal.code) || NO_CONFLICT.includes(refusal.status)))
        throw refusal;
      await this.#lookFor(sent, what !== undefined || mayBeTaken);
      if (this.#isMoved(sent))
        return !selection && this.#isIn(sent) ? this.#delivered(id, answer, selection, 'seen') : undefined;
      const isFinal = refusal && !(refusal.status && statusPasses(refusal.status));
      if (isFinal || tries >= TRIES) throw refusal ?? failure ?? new HubError('hub-timeout', { retryable: true });
      // No answer: the same id. An answer that is an error: a new one.
      if (refusal) id = randomHex(16);
      else mayBeTaken = true;
      await pause(refusal?.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (tries - 1), signal);
    }
  }

  #delivered(
    id: string,
    answer: HttpAnswer | undefined,
    selection: readonly string[] = [],
    what: FhircastEvent | unknown,
  ): Delivered {
    const told = (what as FhircastEvent | undefined)?.selected?.map(({ reference }) => reference);
    const ignored = selection.filter((one) => !this.#anchor.nameOfKnown(one) || (told && !told.includes(one)));
    return { id, status: answer?.status, ignored };
  }

  /**
   * Asks what became of what nobody has confirmed, where it can be asked.
   *
   * @param mayBeTaken whether a refusal says nothing: a SyncError may be that of an app that does not follow what the hub has taken
   * @throws ContentError `content-unknown` when nobody can say
   */
  async #lookFor(sent: Sent, mayBeTaken: boolean): Promise<void> {
    const { connected, session, signal } = this.#owner;
    const anchor = this.#anchor;
    await connected();
    // An answer that is made later than the refusal.
    if (!this.#isMoved(sent)) {
      const told = anchor.isCurrent ? await session.api.askContext(signal).catch(() => undefined) : undefined;
      // Another one may be current by now.
      const isTold = !!told?.context && anchorKeyOf(told.context) === anchor.key;
      if (mayBeTaken && !isTold) anchor.doubt();
    }
    await anchor.fetch();
    if (anchor.state.standing !== 'known') throw new ContentError('content-unknown', { retryable: true });
  }

  /** Whether the content is of another version than the one that was sent. */
  #isMoved({ versionId }: Sent): boolean {
    const { standing, at } = this.#anchor.state;
    return standing === 'known' && at !== versionId;
  }

  /** Whether the content is as what is under way makes it. */
  #isIn({ edits }: Sent): boolean {
    return edits.size > 0 && [...edits].every(([key, edit]) => this.#isDone(key, edit));
  }

  #isDone(key: string, edit: Held | string): boolean {
    const held = this.#anchor.state.content.get(key);
    return typeof edit === 'string' ? !held : !!held && isSameResourceJson(held.resource, edit.resource);
  }

  #event({ id, bundleId, versionId, edits }: Sent, selection: readonly string[] | undefined) {
    const { api } = this.#owner.session;
    const { context: opened, type, name: anchor } = this.#anchor;
    const canonical = canonicalName(`${type}-${selection ? 'select' : 'update'}`);
    const name = api.dialect.spell(canonical)[0] ?? canonical;
    const key = anchorKey(type);
    const patient = opened?.context.find((entry) => /^patient$/i.test(entry.key));
    const patientId = key === 'patient' ? undefined : patient && identityOf(patient).id;
    const context = [
      { key, reference: { reference: anchor } },
      ...(patientId ? [{ key: 'patient', reference: { reference: `Patient/${patientId}` } }] : []),
      ...(selection ? this.#selectEntries(selection) : [{ key: 'updates', resource: makeBundle(bundleId, edits) }]),
    ];
    const event = { 'hub.topic': api.topic, 'hub.event': name, 'context.versionId': versionId, context };
    return { body: { timestamp: new Date().toISOString(), id, event }, name };
  }

  /** What is selected, as the hub wants it. */
  #selectEntries(selection: readonly string[]): readonly object[] {
    const { selectsBy = 'references', clearsBy = 'entry' } = this.#owner.session.api.dialect;
    const entry = { key: 'select' };
    if (!selection[0]) return clearsBy === 'entry' ? [entry] : [];
    if (selectsBy === 'references') return selection.map((reference) => ({ ...entry, reference: { reference } }));
    const all = selection.map((reference) => {
      const [resourceType, id] = reference.split('/');
      return selectsBy === 'reference' ? { reference } : { resourceType, id };
    });
    return [{ ...entry, [selectsBy]: all }];
  }
}

/** The hub's answer is not far behind. */
const soon = (): Promise<void> =>
  new Promise((resolve) => {
    unref(after(ANSWER_BEHIND_MS, resolve));
  });

const tooLarge = (details: { status?: number; hubText: string }) => new ContentError('content-too-large', details);

/** The error for an answer that is a refusal. */
function refusalOf(answer: HttpAnswer): FhircastError {
  const error = hubError(answer);
  const { status, text } = answer;
  const isTooLong = status === TOO_LARGE || /"code"\s*:\s*"too-long"/.test(text.slice(0, 65_536));
  return isTooLong ? tooLarge({ status, hubText: error.hubText ?? '' }) : error;
}
