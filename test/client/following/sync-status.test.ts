import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SyncStatus } from '../../../src/client/following/sync-facts.ts';
import { SyncTracker } from '../../../src/client/following/sync-status.ts';
import { makeSyncError } from '../../../src/events/sync-error.ts';
import { eventOf } from '../support.ts';

const objection = (eventId: string | undefined, subscriber: string, diagnostics = 'busy') =>
  eventOf({
    name: 'SyncError',
    id: `objection-${eventId}-${subscriber}`,
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

describe('whether the session is in step', () => {
  it('is not known before there is a connection, and not before it has been asked what is open', () => {
    const tracker = new SyncTracker('Viewer', () => {});
    expect(tracker.status).toEqual({ state: 'disconnected', since: 1_000, objections: 'unheard' });
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
    expect(tracker.status).toEqual({ state: 'disconnected', since: 5_000, objections: 'unheard' });
    tracker.entered('active');
    tracker.caughtUp();
    expect(states()).toEqual(['behind', 'in-sync', 'disconnected', 'behind', 'in-sync']);
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
