import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FhircastEvent, SyncStatus } from '../../src/index.ts';
import { ADA, at, BRAM, openWorld, patientContext, type World } from './world.ts';
import { WORLDS } from './worlds.ts';

/** The hub is told 202 after so long, in milliseconds. What is left of its 10 seconds is a wait that nothing else has. */
const ACKNOWLEDGE_WITHIN_MS = 31;
const LEFT_MS = 10_000 - ACKNOWLEDGE_WITHIN_MS;

/** The ends of the waits for a decision. A test lets them come. */
let overdue: (() => void)[] = [];

beforeEach(() => {
  overdue = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, ms?: number, ...rest: unknown[]) => {
    if (ms === LEFT_MS) overdue.push(act);
    return real(act, ms, ...(rest as []));
  }) as typeof setTimeout);
});
afterEach(() => void vi.restoreAllMocks());

/** Publishes a chart, and gives each subscriber's answer. */
async function open({ session }: World, patient = ADA, seconds = 1) {
  const { answers } = await session.publish('Patient-open', patientContext(patient), {
    id: `event-${seconds}`,
    timestamp: at(seconds),
  });
  return Object.fromEntries(answers.map(({ subscriber, status }) => [subscriber, status]));
}

const brief = ({ state, ...rest }: SyncStatus) => ('reason' in rest ? `${state}: ${rest.reason}` : state);

/** An app whose listener is at work until the test ends it. */
async function work(world: World, options: Parameters<World['follow']>[1] = {}) {
  const settle: { resolve: () => void; reject: () => void; event: FhircastEvent }[] = [];
  const listener = (event: FhircastEvent) =>
    new Promise<void>((resolve, fail) => {
      settle.push({ resolve, reject: () => fail(new Error('No images.')), event });
    });
  const app = await world.follow('Viewer', { listener, acknowledgeWithinMs: ACKNOWLEDGE_WITHIN_MS, ...options });
  const witness = await world.follow('Witness');
  const objections = witness.collect('SyncError');
  await witness.client.ready();
  await world.confirmed();
  await app.until(() => app.client.syncStatus.state === 'in-sync');
  const last = () => settle.at(-1) as (typeof settle)[number];
  return { app, witness, objections, last };
}

describe.each(WORLDS)('an event that the app has not decided about: $title', (kind) => {
  // The draft and the ballot know 200 or an error.
  const accepted = ['draft', 'ballot'].includes(kind.dialect) ? 200 : 202;

  it('is not in step once it was accepted, and is told to the others when the hub waits no longer, once', async () => {
    const world = await openWorld(kind);
    const { app, witness, objections, last } = await work(world);
    expect(await open(world)).toEqual({ Viewer: accepted, Witness: 200 });
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'undecided' });
    overdue[0]?.();
    if (kind.sendsSyncErrors) {
      await witness.until(() => objections.length > 0);
      expect(objections[0]?.syncError).toMatchObject({ eventId: 'event-1', subscriber: 'Viewer' });
      await witness.until(() => witness.client.syncStatus.state === 'refused');
    }
    // Its own word, coming back, is no refusal.
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'undecided' });
    last().resolve();
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    last().event.refuse('After all not.');
    await app.until(() => app.client.syncStatus.state === 'refused');
    expect(app.client.syncStatus).toMatchObject({ by: [{ isSelf: true, diagnostics: 'After all not.' }] });
    expect(app.syncs.slice(-3).map(brief)).toEqual(['behind: undecided', 'in-sync', 'refused']);
    // Another event ends it, and shows that nothing else was sent before it.
    expect(await open(world, BRAM, 2)).toEqual({ Viewer: accepted, Witness: 200 });
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'undecided' });
    expect(objections).toHaveLength(kind.sendsSyncErrors ? 1 : 0);
    last().resolve();
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    expect(app.errorCodes).toEqual(kind.sendsSyncErrors ? [] : ['sync-error-not-sent']);
  });

  it('is nobody’s concern when another context has come', async () => {
    const world = await openWorld(kind);
    const { app, objections, last } = await work(world);
    await open(world);
    const first = last();
    expect(await open(world, BRAM, 2)).toEqual({ Viewer: accepted, Witness: 200 });
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'undecided' });
    last().resolve();
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    overdue[0]?.();
    first.resolve();
    await open(world, ADA, 3);
    expect(objections).toEqual([]);
    expect(app.errorCodes).toEqual([]);
  });
});

describe.each(WORLDS.filter(({ sendsSyncErrors }) => sendsSyncErrors))('a late refusal: $title', (kind) => {
  it('is said again where the hub fails at first, and not any more when the app has left', async () => {
    const world = await openWorld(kind);
    let failures = 2;
    const { app, witness, objections, last } = await work(world, {
      reconnect: { firstMs: 1, longestMs: 1 },
      fetch: async (url, init) =>
        String(init?.body).includes('OperationOutcome') && failures-- > 0
          ? new Response('Busy', { status: 503 })
          : fetch(url, init),
    });
    await open(world);
    last().reject();
    await witness.until(() => objections.length > 0);
    expect(objections).toHaveLength(1);
    expect(app.errorCodes).toEqual(['listener-failed-late']);
    failures = Number.POSITIVE_INFINITY;
    await open(world, BRAM, 2);
    last().reject();
    await app.until(() => app.errorCodes.length > 1);
    await app.client.unsubscribe();
    expect(app.errorCodes).toEqual(['listener-failed-late', 'listener-failed-late']);
  });
});
