import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSyncError } from '../../src/events/sync-error.ts';
import {
  type DisconnectedReason,
  type SyncDoubt,
  type SyncFacts,
  type SyncStatus,
  standingOf,
} from '../../src/following/sync-facts.ts';
import { SyncTracker } from '../../src/following/sync-status.ts';
import { eventOf } from '../client/support.ts';

const objection = (
  eventId: string | undefined,
  subscriber: string,
  diagnostics = 'busy',
  id = `objection-${eventId}-${subscriber}`,
) =>
  eventOf({
    name: 'SyncError',
    id,
    context: [
      {
        key: 'operationoutcome',
        resource: makeSyncError({ eventId, eventName: 'Patient-open', subscriber, diagnostics }),
      },
    ],
  });

/** A tracker of a client that is connected and has caught up. */
function connected() {
  const changes: SyncStatus[] = [];
  const tracker = new SyncTracker('Viewer', (status) => changes.push(status));
  tracker.entered('subscribing');
  tracker.entered('active');
  tracker.caughtUp();
  return { tracker, changes, states: () => changes.map(({ state }) => state) };
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
afterEach(() => void vi.useRealTimers());

const doubts: readonly SyncDoubt[] = ['catching-up', 'event-refused', 'event-doubted', 'stale-dropped'];

describe('what the facts come to', () => {
  const refusal = fc.record({
    subscriber: fc.option(fc.string(), { nil: undefined }),
    isSelf: fc.boolean(),
    diagnostics: fc.constant(undefined),
  });
  const facts: fc.Arbitrary<SyncFacts> = fc.record({
    disconnected: fc.option(
      fc.constantFrom<DisconnectedReason>('not-subscribed', 'connection-lost', 'denied', 'closed'),
      { nil: undefined },
    ),
    doubt: fc.option(fc.constantFrom(...doubts), { nil: undefined }),
    refusals: fc.array(refusal, { maxLength: 2 }),
    undecided: fc.array(fc.string(), { maxLength: 2 }),
    hearsObjections: fc.boolean(),
  });

  it('is in step only when no fact says otherwise, and else says which', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const { disconnected, doubt, refusals, undecided } = known;
        const isInStep = !disconnected && !doubt && refusals.length === 0 && undecided.length === 0;
        const standing = standingOf(known);
        expect(standing.state === 'in-sync').toBe(isInStep);
        expect(standing.state === 'disconnected').toBe(disconnected !== undefined);
        if (standing.state === 'disconnected') expect(standing.reason).toBe(disconnected);
        if (standing.state === 'behind') expect([doubt, 'undecided']).toContain(standing.reason);
        if (standing.state === 'refused') expect(standing.by).toBe(refusals);
      }),
    );
  });
});

describe('whether the session is in step', () => {
  it.each(doubts.slice(1))('is not, once there is a doubt (%s), until the context is established', (doubt) => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.doubted(doubt);
    expect(tracker.status).toMatchObject({ state: 'behind', reason: doubt });
    // Neither a word about something else nor a close says which context the session has.
    tracker.caughtUp();
    tracker.objected(objection('e1', 'PACS'));
    tracker.contextChanged(eventOf({ id: 'e2', name: 'Patient-close' }), null);
    expect(tracker.status).toMatchObject({ state: 'behind', reason: doubt });
    tracker.established();
    expect(tracker.status.state).toBe('in-sync');
    tracker.doubted(doubt);
    tracker.contextChanged(eventOf({ id: 'e3' }), {});
    expect(tracker.status.state).toBe('in-sync');
  });

  it('is in doubt when somebody objects to an event that this app never followed', () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    expect(tracker.objected(objection('unknown', 'Viewer'))).toBe(true);
    expect(tracker.status).toMatchObject({ state: 'behind', reason: 'event-doubted' });
    tracker.established();
    // What this app is not subscribed to, it has not missed.
    expect(tracker.objected(objection('unknown', 'PACS'), () => false)).toBe(false);
    expect(tracker.status.state).toBe('in-sync');
  });

  it('takes an objection for one to a context that was found by asking, because its event may have another id', () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.contextChanged(eventOf({ id: 'found' }, 'resync'));
    tracker.objected(objection('e1', 'PACS'));
    expect(tracker.status.state).toBe('in-sync');
    tracker.objected(objection('e2', 'PACS'));
    expect(tracker.status.state).toBe('refused');
  });

  it('knows an objection of before STU2 by its own id', () => {
    const { tracker } = connected();
    const said = (id: string) => objection(undefined, 'PACS', 'busy', id);
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.contextChanged(eventOf({ id: 'e2' }));
    tracker.objected(said('e1'));
    expect(tracker.status.state).toBe('in-sync');
    tracker.objected(said('e2'));
    expect(tracker.status.state).toBe('refused');
  });

  it('forgets nothing because the hub derived an open from what is current', () => {
    const { tracker } = connected();
    const current = {};
    tracker.contextChanged(eventOf({ id: 'e1', name: 'ImagingStudy-open' }), current);
    tracker.objected(objection('e1', 'Dictation'));
    tracker.doubted('event-refused');
    tracker.contextChanged(eventOf({ id: 'e2' }), current);
    expect(tracker.status).toMatchObject({ state: 'behind', reason: 'event-refused' });
    tracker.established();
    expect(tracker.status).toMatchObject({ state: 'refused', by: [{ subscriber: 'Dictation' }] });
    expect([tracker.isCurrent('e1'), tracker.isCurrent('e2')]).toEqual([true, true]);
    // Home-open is of another context, though there may have been none before.
    tracker.contextChanged(eventOf({ id: 'e3', name: 'Home-open', context: [] }), null);
    tracker.doubted('event-refused');
    tracker.contextChanged(eventOf({ id: 'e4', name: 'Home-open', context: [] }), null);
    expect(tracker.status.state).toBe('in-sync');
  });

  it('does not forget who refuses because something else was closed', () => {
    const { tracker } = connected();
    const current = {};
    tracker.contextChanged(eventOf({ id: 'e1' }), current);
    tracker.objected(objection('e1', 'PACS'));
    tracker.contextChanged(eventOf({ id: 'e2', name: 'ImagingStudy-close' }), current);
    expect(tracker.status.state).toBe('refused');
    tracker.contextChanged(eventOf({ id: 'e3', name: 'Patient-close' }), null);
    expect(tracker.status.state).toBe('in-sync');
  });

  it('is the same object until something of it changes', () => {
    const { tracker, changes } = connected();
    tracker.hears(true);
    const { status } = tracker;
    expect(status).toMatchObject({ state: 'in-sync', objections: 'heard' });
    tracker.hears(true);
    tracker.established();
    tracker.contextChanged(eventOf({ id: 'e1' }), {});
    expect(tracker.status).toBe(status);
    expect(changes.at(-1)).toBe(status);
  });

  it('says since which gap objections are heard', () => {
    const { tracker } = connected();
    expect(tracker.hearing).toBeUndefined();
    tracker.hears(true);
    const { hearing } = tracker;
    expect(hearing).toBeDefined();
    tracker.entered('reconnecting');
    expect(tracker.hearing).toBeUndefined();
    expect(tracker.status.objections).toBe('unheard');
    tracker.entered('active');
    expect([undefined, hearing]).not.toContain(tracker.hearing);
  });

  it('keeps no more objections than a session has apps', () => {
    const { tracker } = connected();
    for (let i = 0; i < 300; i++) tracker.objected(objection(undefined, `app-${i}`));
    const { status } = tracker;
    expect(status.state === 'refused' && status.by.length).toBe(64);
  });

  it('is not known before there is a connection, and not before it has been asked what is open', () => {
    const tracker = new SyncTracker('Viewer', () => {});
    expect(tracker.status).toEqual({
      state: 'disconnected',
      reason: 'not-subscribed',
      since: 1_000,
      objections: 'unheard',
    });
    vi.setSystemTime(2_000);
    tracker.entered('active');
    expect(tracker.status).toEqual({ state: 'behind', reason: 'catching-up', since: 2_000, objections: 'unheard' });
    vi.setSystemTime(3_000);
    tracker.caughtUp();
    expect(tracker.status).toEqual({ state: 'in-sync', since: 3_000, objections: 'unheard' });
  });

  it('says everybody whom one SyncError names', () => {
    const { tracker } = connected();
    const both = ['Dictation', 'PACS'].flatMap(
      (subscriber) =>
        makeSyncError({ eventId: undefined, eventName: undefined, subscriber, diagnostics: 'busy' }).issue,
    );
    const resource = { resourceType: 'OperationOutcome' as const, issue: both };
    tracker.objected(eventOf({ name: 'SyncError', id: 'e2', context: [{ key: 'operationoutcome', resource }] }));
    expect(tracker.status).toMatchObject({ by: [{ subscriber: 'Dictation' }, { subscriber: 'PACS' }] });
  });

  it('says since when the connection is lost', () => {
    const { tracker, states } = connected();
    vi.setSystemTime(5_000);
    tracker.entered('reconnecting');
    vi.setSystemTime(6_000);
    tracker.entered('subscribing');
    const lost = { state: 'disconnected', reason: 'connection-lost' };
    expect(tracker.status).toEqual({ ...lost, since: 5_000, objections: 'unheard' });
    tracker.entered('active');
    tracker.caughtUp();
    expect(states()).toEqual(['behind', 'in-sync', 'disconnected', 'behind', 'in-sync']);
  });

  it.each([
    ['idle', 'not-subscribed'],
    ['reconnecting', 'connection-lost'],
    ['denied', 'denied'],
    ['closed', 'closed'],
  ] as const)('says why there is no connection: %s', (state, reason) => {
    const { tracker, states } = connected();
    tracker.entered(state);
    expect(tracker.status).toMatchObject({ state: 'disconnected', reason });
    const told = states().length;
    tracker.entered('subscribing');
    expect(tracker.status).toMatchObject({ state: 'disconnected', reason });
    expect(states()).toHaveLength(told);
  });

  it('tells when an attempt to come back is denied', () => {
    const { tracker, states } = connected();
    tracker.entered('reconnecting');
    tracker.entered('denied');
    expect(tracker.status).toMatchObject({ state: 'disconnected', reason: 'denied' });
    expect(states().slice(-2)).toEqual(['disconnected', 'disconnected']);
  });

  it('says who does not follow, until the context changes', () => {
    const { tracker, states } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.objected(objection('e1', 'Dictation', 'A report is being dictated.'));
    tracker.objected(objection('e1', 'PACS'));
    tracker.objected(objection('e1', 'PACS', 'still busy'));
    expect(tracker.status).toMatchObject({
      state: 'refused',
      by: [
        { subscriber: 'Dictation', isSelf: false, diagnostics: 'A report is being dictated.' },
        { subscriber: 'PACS', isSelf: false, diagnostics: 'still busy' },
      ],
    });
    tracker.contextChanged(eventOf({ id: 'e2' }));
    expect(tracker.status.state).toBe('in-sync');
    expect(states().slice(2)).toEqual(['refused', 'refused', 'refused', 'in-sync']);
  });

  it('does not care for what is said of an earlier context', () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.contextChanged(eventOf({ id: 'e2' }));
    tracker.objected(objection('e1', 'PACS'));
    tracker.refusedByUs(eventOf({ id: 'e1' }), 'busy');
    expect(tracker.status.state).toBe('in-sync');
    tracker.objected(objection(undefined, 'PACS'));
    expect(tracker.status.state).toBe('refused');
  });

  it('says that this app does not follow, in its own words', () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.refusedByUs(eventOf({ id: 'e1' }), 'A report is being dictated.');
    tracker.objected(objection('e1', 'Viewer', 'Viewer answered 409.'));
    expect(tracker.status).toMatchObject({
      by: [{ subscriber: 'Viewer', isSelf: true, diagnostics: 'A report is being dictated.' }],
    });
  });

  it('is restored when nobody objects to what was sent again', async () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.objected(objection('e1', 'PACS'));
    tracker.sentAgain('e1-again');
    expect(tracker.status.state).toBe('refused');
    await vi.advanceTimersByTimeAsync(11_999);
    expect(tracker.status.state).toBe('refused');
    await vi.advanceTimersByTimeAsync(1);
    expect(tracker.status.state).toBe('in-sync');
  });

  it('is not restored when an earlier one was sent again', async () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e0' }));
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.objected(objection('e1', 'PACS'));
    tracker.sentAgain('e0-again', false);
    tracker.objected(objection('e0-again', 'Viewer'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tracker.status).toMatchObject({ state: 'refused', by: [{ subscriber: 'PACS' }] });
  });

  it('is not restored when somebody objects again', async () => {
    const { tracker } = connected();
    tracker.contextChanged(eventOf({ id: 'e1' }));
    tracker.objected(objection('e1', 'PACS'));
    tracker.sentAgain('e1-again');
    tracker.objected(objection('e1-again', 'PACS'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tracker.status.state).toBe('refused');
  });

  it('keeps no timer when it is closed', () => {
    const { tracker } = connected();
    tracker.sentAgain('e1');
    tracker.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
