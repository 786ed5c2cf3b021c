import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FhircastError } from '../../src/errors/errors.ts';
import type { ContextEntry } from '../../src/events/context.ts';
import type { FhircastEvent } from '../../src/events/event.ts';
import { changesContext, kindOf } from '../../src/events/kind.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { Inbox } from '../../src/following/inbox.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { SyncTracker } from '../../src/following/sync-status.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { DialectName } from '../../src/index.ts';
import { CatchUp } from '../../src/recovery/catch-up.ts';
import { backoffOf } from '../../src/subscription/backoff.ts';
import { patientContext, TOPIC } from '../client/support.ts';
import { chooserOf } from '../hub/support.ts';

/** What the hub says to one request for the current context. */
interface Asked {
  answer(body: unknown, status?: number): Promise<void>;
  fail(): Promise<void>;
}

/** Lets everything happen that is not waiting for time. */
const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

/** A client as far as it catches up, and a hub whose answers are given by hand. */
function open(dialectName: DialectName = 'stu3', { closeClears }: { closeClears?: boolean } = {}) {
  const chooser = chooserOf(dialectName);
  const { dialect } = chooser;
  const asked: Asked[] = [];
  const heard = { events: [] as string[], errors: [] as string[], missed: [] as string[], syncs: [] as string[] };
  const answers: [string | undefined, number][] = [];
  const listeners = new Listeners(() => {});
  const note = ({ name, patient, study, source }: FhircastEvent) =>
    heard.events.push(`${source} ${name} ${study?.id ?? patient?.id ?? ''}`.trim());
  listeners.add('*', note, false);
  listeners.add('error', ({ code }: FhircastError) => heard.errors.push(code), false);
  const contexts = new ContextStore();
  const api = new HubApi({
    hubUrl: 'https://hub.example.org',
    topic: TOPIC,
    chooser,
    accessToken: () => undefined,
    record: () => {},
    timeoutMs: 60_000,
    fetch: (_, init) =>
      new Promise((resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
        asked.push({
          answer: async (body, status = 200) => {
            resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
            await settle();
          },
          fail: async () => {
            reject(new TypeError('fetch failed'));
            await settle();
          },
        });
      }),
  });
  const sync = new SyncTracker('Viewer', ({ state }) => heard.syncs.push(state));
  const inbox: Inbox = new Inbox({
    topic: TOPIC,
    dialect: () => dialect,
    listeners,
    contexts,
    record: () => {},
    acknowledgeWithinMs: 8_000,
    get recovery() {
      return catchUp;
    },
    isEcho: () => false,
    doubted: (why) => {
      sync.doubted(why);
      catchUp.doubt();
    },
    incomplete: () => catchUp.doubt(),
    heartbeat: () => {},
    repeated: () => {},
    received: (event) => {
      if (changesContext(kindOf(event.name))) sync.contextChanged(event, contexts.current);
    },
    settled: () => {},
    refused: () => {},
    late: () => {},
    progress: () => {},
  });
  const catchUp: CatchUp = new CatchUp({
    api,
    backoff: backoffOf(),
    inbox,
    contexts,
    sync,
    graceMs: 1_000,
    closeClears: () => closeClears ?? dialect.closeClears,
    replays: () => dialect.replaysContext,
    listeners,
    missed: (code) => heard.missed.push(code),
  });
  sync.entered('active');
  return {
    inbox,
    contexts,
    catchUp,
    sync,
    asked,
    heard,
    answers,
    current: () => contexts.current?.study?.id ?? contexts.current?.patient?.id ?? null,
    /** The hub sends an event. */
    hub: (minute: number, id: string, { name = 'Patient-open', context, version, patient = id }: Sent = {}) => {
      const event = {
        'hub.topic': TOPIC,
        'hub.event': name,
        context: context ?? patientContext(patient),
        ...(version ? { 'context.versionId': version } : {}),
      };
      const message = { id, timestamp: at(minute), event };
      inbox.receive(JSON.stringify(message), (status, eventId) => answers.push([eventId, status]), 'websocket');
    },
    /** The connection is lost, and comes back. */
    gap: async () => {
      catchUp.lost();
      contexts.gap();
      sync.entered('reconnecting');
      sync.entered('active');
      catchUp.begin();
      await settle();
    },
    begin: async () => {
      catchUp.begin();
      await settle();
    },
  };
}

interface Sent {
  name?: string;
  context?: readonly ContextEntry[];
  version?: string | undefined;
  patient?: string;
}

const at = (minute: number) => new Date(Date.UTC(2024, 4, 1, 10, minute)).toISOString();
const study = (id: string): ContextEntry[] => [
  { key: 'study', resource: { resourceType: 'ImagingStudy', id, status: 'available', subject: {} } },
];
/** STU3's answer, which says no time. */
const found = (id: string, version = `v-${id}`) => ({
  'context.type': 'Patient',
  'context.versionId': version,
  context: patientContext(id),
});
const NONE = { 'context.type': '', 'context.versionId': '', context: [] };

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 4, 1, 12) }));
afterEach(() => void vi.useRealTimers());

describe('an event that was refused, unreadable as it was', () => {
  it.each<[string, DialectName, unknown, number]>([
    ['keeps no context', 'draft', {}, 200],
    ['knows no such session', 'draft', '', 404],
    ['has one context for all sessions, be it the one that is shown', 'draft', patientContext('p1'), 200],
    ['answers an empty array, with which it may mean nothing', 'stu2', [], 200],
    ['does not tell', 'stu3', '', 404],
  ])('is no less in doubt where the hub %s', async (_, dialect, body, status) => {
    const { begin, inbox, hub, asked, sync } = open(dialect);
    await begin();
    await asked[0]?.answer(dialect === 'stu2' ? [] : dialect === 'draft' ? {} : '', status);
    hub(1, 'p1');
    expect(sync.status.state).toBe('in-sync');
    const event = { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: [] };
    inbox.receive(JSON.stringify({ id: 'e2', timestamp: at(2), event }), () => {}, 'websocket');
    await settle();
    await asked[1]?.answer(body, status);
    expect(sync.status).toMatchObject({ state: 'behind', reason: 'event-refused' });
    // The next event says where the session is.
    hub(3, 'p3');
    expect(sync.status.state).toBe('in-sync');
  });

  it('is no less in doubt where the hub may have kept what Home-open left', async () => {
    const { begin, inbox, hub, asked, sync, current } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(1, 'p1', { version: 'v1' });
    hub(2, 'home', { name: 'Home-open', context: [] });
    const event = { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: [] };
    inbox.receive(JSON.stringify({ id: 'e2', timestamp: at(3), event }), () => {}, 'websocket');
    await settle();
    await asked[1]?.answer(found('p1', 'v1'));
    expect([current(), sync.status]).toMatchObject([null, { state: 'behind', reason: 'event-refused' }]);
  });
});

describe('a hub whose answers lag behind its events', () => {
  /** Answers all that is asked, one grace after another. */
  const answerAll = async (asked: Asked[], from: number, answers: readonly unknown[]) => {
    for (const [index, answer] of answers.entries()) {
      await asked[from + index]?.answer(answer);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };

  it.each<[string, Sent, unknown, string | null]>([
    ['an open', {}, found('p2'), 'p2'],
    ['Home-open', { name: 'Home-open', context: [] }, NONE, null],
    ['the close of what was found', { name: 'Patient-close', patient: 'p1' }, NONE, null],
  ])('is asked once more about %s that it does not tell of', async (_, sent, last, shown) => {
    const { gap, hub, asked, sync, current } = open();
    hub(1, 'p0');
    await gap();
    await asked[0]?.answer(found('p1'));
    hub(9, 'p2', sent);
    await settle();
    await asked[1]?.answer(found('p1'));
    expect(sync.status.state).toBe('behind');
    await vi.advanceTimersByTimeAsync(1_000);
    await asked[2]?.answer(last);
    expect([current(), sync.status.state, asked.length]).toEqual([shown, 'in-sync', 3]);
  });

  it('is asked once more about an open of a clock that is slow', async () => {
    const { begin, hub, asked, sync, current } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(9, 'p1');
    hub(5, 'p2');
    await settle();
    await asked[1]?.answer(found('p1'));
    expect(sync.status.state).toBe('behind');
    await vi.advanceTimersByTimeAsync(1_000);
    await asked[2]?.answer(found('p2'));
    expect([current(), sync.status.state]).toEqual(['p2', 'in-sync']);
  });

  it('is asked about each of several opens of a clock that is slow', async () => {
    const { begin, hub, asked, heard, sync } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(9, 'home', { name: 'Home-open', context: [] });
    hub(5, 'e5', { patient: 'p2' });
    await settle();
    // It came after the question, and the hub may have opened the other one again since.
    hub(6, 'e6', { patient: 'p3' });
    await asked[1]?.answer(found('p2'));
    for (const index of [2, 3, 4]) {
      await asked[index]?.answer(found('p2'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([heard.events, sync.status.state]).toEqual([['hub Home-open', 'hub Patient-open p2'], 'in-sync']);
  });

  it('and a Home-open of a clock that is slow is not followed after another one', async () => {
    const { hub, begin, asked, heard, current } = open();
    await begin();
    await asked.shift()?.answer(NONE);
    hub(5, 'a');
    hub(3, 'left', { name: 'Home-open', context: [] });
    await settle();
    hub(6, 'left-again', { name: 'Home-open', context: [] });
    for (let left = 3; left > 0; left--) {
      await asked.shift()?.answer(NONE);
      await vi.advanceTimersByTimeAsync(1_000);
      await settle();
    }
    expect(current()).toBeNull();
    expect(heard.events).toEqual(['hub Patient-open a', 'hub Home-open']);
  });

  it('is asked no more when it says the same again', async () => {
    const { gap, hub, asked, sync, current } = open();
    hub(1, 'p0');
    await gap();
    await asked[0]?.answer(found('p1'));
    hub(1, 'late');
    await settle();
    await answerAll(asked, 1, [found('p1'), found('p1'), found('p1')]);
    expect([current(), sync.status.state, asked.length]).toEqual(['p1', 'in-sync', 3]);
  });

  it('is not in step with what it does not tell of, however many events come while it is asked', async () => {
    const { begin, hub, asked, sync, current } = open();
    for (let n = 0; n < 8; n++) hub(0, `s${n}`, { name: 'ImagingStudy-open', context: study(`s${n}`) });
    hub(1, 'p1');
    await begin();
    for (let n = 0; n < 8; n++) {
      hub(2, `c${n}`, { name: 'ImagingStudy-close', context: study(`s${n}`) });
      await asked.at(-1)?.answer(found('p2'));
      expect(sync.status.state).toBe('behind');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await asked.at(-1)?.answer(found('p2'));
    expect([current(), sync.status.state]).toEqual(['p2', 'in-sync']);
  });
});

it('a hub that cannot be asked leaves nobody in step, whatever event came meanwhile', async () => {
  const { begin, hub, asked, sync, catchUp } = open();
  await begin();
  await asked[0]?.answer(NONE);
  sync.doubted('event-doubted');
  catchUp.doubt();
  await settle();
  hub(1, 'p1');
  await asked[1]?.fail();
  expect(sync.status).toMatchObject({ state: 'behind', reason: 'catching-up' });
  await vi.advanceTimersByTimeAsync(60_000);
  await asked[2]?.answer(found('p1'));
  expect(sync.status.state).toBe('in-sync');
});

it('a hub that answered once what cannot be used is asked again, and then the doubt is over', async () => {
  const { gap, hub, asked, sync, catchUp } = open();
  hub(1, 'p1');
  await gap();
  await asked[0]?.answer({ error: 'out of order' });
  expect(sync.status.state).toBe('behind');
  void catchUp.audit(true);
  await settle();
  await asked[1]?.answer({ error: 'out of order' });
  expect(sync.status.state).toBe('behind');
  void catchUp.audit(true);
  await settle();
  await asked[2]?.answer(found('p1'));
  expect(sync.status.state).toBe('in-sync');
});

describe('after a gap', () => {
  it('what was opened meanwhile is an event, and nothing else is', async () => {
    const { gap, hub, asked, heard, sync, current } = open();
    hub(1, 'p1');
    await gap();
    expect(sync.status.state).toBe('behind');
    await asked[0]?.answer(found('p2'));
    expect(heard.events).toEqual(['hub Patient-open p1', 'resync Patient-open p2']);
    expect(current()).toBe('p2');
    expect(sync.status.state).toBe('in-sync');
    expect(heard.syncs).toEqual(['behind', 'in-sync', 'disconnected', 'behind', 'in-sync']);
  });

  it('no more is kept of what the hub tells than of its events, however long it is', async () => {
    const { gap, asked, contexts } = open();
    const text = 'x'.repeat(12 * 1024 * 1024);
    for (let round = 0; round < 5; round++) {
      await gap();
      const [{ resource } = {}] = patientContext(`p${round}`);
      const answer = { ...found(`p${round}`), context: [{ key: 'patient', resource: { ...resource, text } }] };
      await asked.at(-1)?.answer(answer);
      expect(contexts.current?.patient?.id).toBe(`p${round}`);
    }
    expect(contexts.session.open).toHaveLength(2);
  });

  it('what is as it was is no event', async () => {
    const { gap, hub, asked, heard, sync } = open();
    hub(1, 'p1', { version: 'v1' });
    await gap();
    await asked[0]?.answer(found('p1', 'v1'));
    expect(heard.events).toEqual(['hub Patient-open p1']);
    expect(sync.status.state).toBe('in-sync');
  });

  it.each([
    ['something is open', []],
    ['nothing is open', [['Patient-close', 'p1']]],
  ] as const)(
    'a hub that has no session to tell of, or knows no such request, leaves it behind where %s',
    async (_, more) => {
      const { begin, gap, hub, asked, sync } = open('draft');
      await begin();
      await asked[0]?.answer('', 404);
      expect(sync.status.state).toBe('in-sync');
      hub(1, 'p1');
      for (const [name, patient] of more) hub(2, `${name} ${patient}`, { name, patient });
      await gap();
      await asked.at(-1)?.answer('', 404);
      expect(sync.status).toMatchObject({ state: 'behind', reason: 'catching-up' });
      hub(3, 'p2');
      expect(sync.status.state).toBe('in-sync');
    },
  );

  it('what was closed meanwhile is closed', async () => {
    const { gap, hub, asked, heard, contexts } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer(NONE);
    expect(heard.events).toEqual(['hub Patient-open p1', 'resync Patient-close p1']);
    expect(contexts.session).toMatchObject({ current: null, open: [] });
  });

  it('what the hub does not send again is closed, and what another one of its type may hide is not', async () => {
    const { gap, hub, asked, heard, contexts } = open();
    hub(1, 'p1');
    hub(2, 'p2');
    hub(3, 's1', { name: 'ImagingStudy-open', context: study('s1') });
    hub(4, 'p3');
    await gap();
    // The latest of each type that is open: the study and p3 are not.
    hub(2, 'p2');
    await asked[0]?.answer(found('p2'));
    expect(heard.events.slice(4)).toEqual([
      'resync ImagingStudy-close s1',
      'resync Patient-close p3',
      'resync Patient-open p2',
    ]);
    expect(contexts.session.open.map(({ patient }) => patient?.id)).toEqual(['p1', 'p2']);
  });

  it.each([
    ['closed by a hub that sends other contexts again', true, ['p1']],
    ['open where nothing shows that the hub sends any again', false, ['p1', 's1']],
  ])('what the hub does not send again is %s', async (_, replays, left) => {
    const { gap, hub, asked, contexts, sync } = open();
    hub(1, 'p1');
    hub(2, 's1', { name: 'ImagingStudy-open', context: study('s1') });
    hub(3, 'home', { name: 'Home-open', context: [] });
    await gap();
    if (replays) hub(1, 'p1');
    await asked[0]?.answer(NONE);
    expect(contexts.session.open.map(({ study: shown, patient }) => shown?.id ?? patient?.id)).toEqual(left);
    expect(sync.status.state).toBe('in-sync');
  });

  it('the answer gives way to an event that came while it was asked for, and the hub is asked again', async () => {
    const { gap, hub, asked, heard, sync } = open();
    hub(1, 'p1');
    await gap();
    hub(2, 'p2');
    await asked[0]?.answer(found('p1'));
    expect(heard.events).toEqual(['hub Patient-open p1', 'hub Patient-open p2']);
    expect(sync.status.state).toBe('behind');
    await asked[1]?.answer(found('p2'));
    expect(sync.status.state).toBe('in-sync');
    expect(heard.events).toHaveLength(2);
  });

  it('a hub that is out of reach is asked until it answers', async () => {
    const { gap, asked, sync, current } = open();
    await gap();
    for (let attempt = 0; attempt < 5; attempt++) {
      await asked.at(-1)?.fail();
      expect(sync.status.state).toBe('behind');
      await vi.advanceTimersByTimeAsync(30_000);
      expect(asked).toHaveLength(attempt + 2);
    }
    await asked.at(-1)?.answer(found('p1'));
    expect(sync.status.state).toBe('in-sync');
    expect(current()).toBe('p1');
  });

  it.each([404, 403, 405, 501])('a hub that answers %s is trusted for its events', async (status) => {
    const { gap, hub, asked, sync, heard, current } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer('There is no such thing.', status);
    expect(sync.status.state).toBe('in-sync');
    expect([current(), heard.errors]).toEqual(['p1', []]);
  });

  it('a token that has ended is an error, and what is known may be old until an event comes', async () => {
    const { gap, hub, asked, sync, heard } = open();
    await gap();
    await asked[0]?.answer('', 401);
    expect(heard.errors).toEqual(['session-over']);
    expect(sync.status.state).toBe('behind');
    hub(1, 'p1');
    expect(sync.status.state).toBe('in-sync');
  });

  it.each([
    ['contradicts itself', { 'context.type': 'Patient', context: study('s1') }, 'anchor-missing'],
    ['is of another session', { ...found('p2'), 'hub.topic': 'another' }, 'notification-wrong-topic'],
    ['is something else', { error: 'x' }, 'hub-answer-invalid'],
  ])('an answer that %s is not shown', async (_, body, code) => {
    const { gap, hub, asked, sync, heard, current } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer(body);
    expect([current(), heard.errors, sync.status.state]).toEqual(['p1', [code], 'behind']);
  });

  it('an answer that comes after the next gap is not heard', async () => {
    const { gap, hub, asked, heard } = open();
    hub(1, 'p1');
    await gap();
    await gap();
    await asked[0]?.answer(found('p2'));
    expect(heard.events).toEqual(['hub Patient-open p1']);
    await asked[1]?.answer(found('p3'));
    expect(heard.events.at(-1)).toBe('resync Patient-open p3');
  });

  it('a SyncError is no context, and tells of none (S24 takes any event for it)', async () => {
    const { gap, hub, asked, current, sync } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer([{ key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', issue: [] } }]);
    expect([current(), sync.status.state]).toEqual(['p1', 'behind']);
  });

  it('a hub that answers as if nothing were open, and sends it again, does not keep the context', async () => {
    const { gap, hub, asked, current } = open();
    hub(1, 'p1');
    await gap();
    hub(1, 'p1');
    await asked[0]?.answer([]);
    expect(current()).toBe('p1');
  });

  it('404 of the draft says little when something is open', async () => {
    const { gap, hub, asked, current } = open('draft');
    hub(1, 'p1', { name: 'open-patient-chart' });
    await gap();
    await asked[0]?.answer('', 404);
    expect(current()).toBe('p1');
  });

  it('a bare array of the draft is never followed: the sandbox hub of 2018 has one for all sessions', async () => {
    const { gap, hub, asked, current, begin } = open('draft');
    await begin();
    await asked[0]?.answer(patientContext('p0'));
    expect(current()).toBeNull();
    hub(1, 'p1', { name: 'open-patient-chart' });
    await gap();
    await asked[1]?.answer(patientContext('p2'));
    expect(current()).toBe('p1');
  });

  it('a bare array of STU2 is followed, and an older event that comes late is not', async () => {
    const { gap, hub, asked, current } = open('stu2');
    hub(1, 'p1', { name: 'patient-open' });
    await gap();
    await asked[0]?.answer(patientContext('p3'));
    expect(current()).toBe('p3');
    hub(2, 'p2', { name: 'patient-open' });
    expect(current()).toBe('p3');
    await asked[1]?.answer(patientContext('p3'));
    expect(current()).toBe('p3');
  });

  it('a bare array where STU3 has an object is followed at first and after a gap', async () => {
    const { gap, hub, asked, current, begin, sync } = open('stu3');
    await begin();
    await asked[0]?.answer(patientContext('p0'));
    expect(current()).toBe('p0');
    hub(1, 'p1');
    await gap();
    await asked[1]?.answer(patientContext('p2'));
    expect([current(), sync.status.state]).toEqual(['p2', 'in-sync']);
  });

  it('the hub is believed about a context of which no event came, whatever its clock says', async () => {
    const { gap, hub, asked, current } = open('draft');
    hub(5, 'p1', { name: 'open-patient-chart' });
    await gap();
    const event = { 'hub.topic': TOPIC, context: patientContext('p2') };
    await asked[0]?.answer({ id: 'e2', timestamp: at(4), event });
    expect(current()).toBe('p2');
  });

  const theEvent = { id: 'p1', timestamp: at(1), event: { 'hub.topic': TOPIC, context: patientContext('p1') } };
  it.each([
    ['an object with its version', true, 'stu3', found('p1', 'v1'), 'in-sync'],
    ['the event itself', true, 'draft', theEvent, 'in-sync'],
    ['what may be new', true, 'stu2', patientContext('p1'), 'behind'],
    ['an object with its version, and is not known to keep it', false, 'stu3', found('p1', 'v1'), 'behind'],
    ['the event itself, and is not known to keep it', false, 'draft', theEvent, 'behind'],
  ] as const)(
    'a hub that keeps what Home-open has left does not bring it back (it answers %s)',
    async (_, closeClears, dialect, body, state) => {
      const { gap, hub, asked, current, heard, sync } = open(dialect, { closeClears });
      hub(1, 'p1', { version: dialect === 'stu3' ? 'v1' : undefined });
      hub(2, 'home', { name: 'Home-open', context: [] });
      await gap();
      for (let turn = 0; turn < 6; turn++) {
        await asked[turn]?.answer(body);
        await vi.advanceTimersByTimeAsync(1_000);
      }
      expect([current(), sync.status.state]).toEqual([null, state]);
      expect(heard.events).toHaveLength(2);
    },
  );

  it('one that has what was opened in the second of Home-open is believed', async () => {
    const { begin, hub, asked, catchUp, current, sync } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(2, 'p1', { version: 'v1' });
    hub(2, 'home', { name: 'Home-open', context: [] });
    void catchUp.audit(true);
    await settle();
    for (let turn = 1; turn < 9; turn++) {
      await asked[turn]?.answer(found('p1', 'v1'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([current(), sync.status.state]).toEqual(['p1', 'in-sync']);
  });

  it('one that has what was opened is believed where nobody knows when Home-open was', async () => {
    const { begin, hub, asked, catchUp, heard } = open('stu2');
    await begin();
    await asked[0]?.answer([]);
    hub(2, 'p1');
    // More than two minutes ahead of this machine's clock.
    hub(180, 'home', { name: 'Home-open', context: [] });
    void catchUp.audit(true);
    await settle();
    for (let turn = 1; turn < 9; turn++) {
      await asked[turn]?.answer(patientContext('p1'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // The connection is made anew, and then its answer is followed.
    expect(heard.missed).toEqual(['event-missed']);
  });

  it('one that sends Home-open again with what is open, as if it were the latest, does not keep what it has left', async () => {
    const { begin, gap, hub, asked, current } = open();
    await begin();
    await asked[0]?.answer(NONE);
    await gap();
    hub(4, 'p1', { version: 'v1' });
    hub(5, 'home', { name: 'Home-open', context: [] });
    await settle();
    for (let turn = 1; turn < 7; turn++) {
      await asked[turn]?.answer(found('p1', 'v1'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(current()).toBe('p1');
  });

  it('one that opens it anew does', async () => {
    const { gap, hub, asked, current } = open();
    hub(1, 'p1', { version: 'v1' });
    hub(2, 'home', { name: 'Home-open', context: [] });
    await gap();
    await asked[0]?.answer(found('p1', 'v2'));
    expect(current()).toBe('p1');
  });
});

describe('an event of the same time as the one that was found', () => {
  const event = { 'hub.topic': TOPIC, context: patientContext('p2') };

  it.each([
    ['p2', 'p2', ['resync Patient-open p2']],
    ['p3', 'p3', ['resync Patient-open p2', 'hub Patient-open p3']],
  ])('is followed when the hub, asked again, has it (it has %s)', async (patient, shown, events) => {
    const { gap, hub, asked, heard, current } = open('draft');
    await gap();
    await asked[0]?.answer({ id: 'e2', timestamp: at(4), event });
    hub(4, 'e3', { name: 'open-patient-chart', patient: 'p3' });
    await settle();
    await asked[1]?.answer({ id: patient, timestamp: at(4), event: { ...event, context: patientContext(patient) } });
    expect([current(), heard.events]).toEqual([shown, events]);
    hub(5, 'e4', { name: 'open-patient-chart', patient: 'p4' });
    expect([current(), asked.length]).toEqual(['p4', 2]);
  });
});

describe('an event that was under way while the hub was asked', () => {
  /** p1 was open; the hub has p3, and told so before its events came. */
  async function adopted() {
    const client = open();
    client.hub(1, 'p1');
    await client.gap();
    await client.asked[0]?.answer(found('p3'));
    return client;
  }

  it('and is the one that was found is not delivered again', async () => {
    const { hub, heard, answers, asked } = await adopted();
    hub(3, 'e3', { patient: 'p3', version: 'v-p3' });
    expect(heard.events).toEqual(['hub Patient-open p1', 'resync Patient-open p3']);
    expect(answers.at(-1)).toEqual(['e3', 200]);
    // Its time is known now.
    hub(2, 'p2');
    expect(heard.events).toHaveLength(2);
    expect(asked).toHaveLength(1);
  });

  it('and is older is not followed', async () => {
    const { hub, heard, answers, asked, current } = await adopted();
    hub(2, 'p2');
    expect(heard.events).toHaveLength(2);
    await settle();
    await asked[1]?.answer(found('p3'));
    expect(answers.at(-1)).toEqual(['p2', 200]);
    expect(heard.events).toHaveLength(2);
    expect(current()).toBe('p3');
  });

  it('and is newer is followed when the hub agrees', async () => {
    const { hub, heard, answers, asked, current } = await adopted();
    hub(4, 'p4', { version: 'v-p4' });
    await settle();
    await asked[1]?.answer(found('p4'));
    expect(answers.at(-1)).toEqual(['p4', 200]);
    expect(heard.events.at(-1)).toBe('hub Patient-open p4');
    expect(current()).toBe('p4');
    // Its time orders what comes now.
    hub(2, 'p2');
    expect(current()).toBe('p4');
  });

  it('and is overtaken gives way to what the hub has', async () => {
    const { hub, heard, asked } = await adopted();
    hub(4, 'p4');
    await settle();
    await asked[1]?.answer(found('p5'));
    expect(heard.events.slice(2)).toEqual(['resync Patient-open p5']);
  });

  it('and comes with the next connection is not followed either, however late that is', async () => {
    const { gap, hub, asked, heard, current } = await adopted();
    await vi.advanceTimersByTimeAsync(60_000);
    const lost = gap();
    // The hub replays what is open, the oldest first.
    hub(2, 's2', { name: 'ImagingStudy-open', context: study('s2') });
    hub(3, 'e3', { patient: 'p3', version: 'v-p3' });
    await lost;
    await asked.at(-1)?.answer(found('p3'));
    expect(heard.events).toEqual(['hub Patient-open p1', 'resync Patient-open p3']);
    expect(current()).toBe('p3');
  });

  it('and was overtaken by another that waits is not followed after it', async () => {
    const { gap, hub, heard, asked } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer(NONE);
    hub(5, 'later', { name: 'Home-open', context: [] });
    hub(4, 'earlier', { name: 'Home-open', context: [] });
    await settle();
    await asked[1]?.answer(NONE);
    await asked[2]?.answer(NONE);
    expect(heard.events.slice(2)).toEqual(['hub Home-open']);
  });

  it('and is repeated while it waits is delivered once', async () => {
    const { hub, heard, answers, asked } = await adopted();
    hub(4, 'e4', { name: 'Patient-close', patient: 'p1' });
    hub(4, 'e4', { name: 'Patient-close', patient: 'p1' });
    await settle();
    await asked[1]?.answer(found('p3'));
    await asked[2]?.answer(found('p3'));
    expect(heard.events.slice(2)).toEqual(['hub Patient-close p1']);
    expect(answers.slice(-2)).toEqual([
      ['e4', 200],
      ['e4', 200],
    ]);
  });

  it('and came after the question is asked about again', async () => {
    const { hub, heard, asked } = await adopted();
    hub(2, 'p2');
    await settle();
    hub(4, 'p4', { version: 'v-p4' });
    await asked[1]?.answer(found('p3'));
    expect(heard.events).toHaveLength(2);
    await asked[2]?.answer(found('p4'));
    expect(heard.events.slice(2)).toEqual(['hub Patient-open p4']);
  });

  it('and came after the one that the hub has, but before its answer, is in order again', async () => {
    const { hub, heard, asked, current } = await adopted();
    hub(4, 'p4', { version: 'v-p4' });
    await settle();
    hub(5, 'p5', { version: 'v-p5' });
    await asked[1]?.answer(found('p4'));
    expect(heard.events.slice(2)).toEqual(['hub Patient-open p4', 'hub Patient-open p5']);
    expect(current()).toBe('p5');
  });

  it('and closes what was found is followed when the hub agrees', async () => {
    const { hub, heard, asked, current } = await adopted();
    hub(4, 'e4', { name: 'Patient-close', patient: 'p3' });
    expect(current()).toBe('p3');
    await settle();
    await asked[1]?.answer(NONE);
    expect(heard.events.slice(2)).toEqual(['hub Patient-close p3']);
    expect(current()).toBeNull();
  });

  it('and is the close that was found is not delivered again', async () => {
    const { gap, hub, asked, heard, answers } = open();
    hub(1, 'p1');
    await gap();
    await asked[0]?.answer(NONE);
    hub(2, 'e2', { name: 'Patient-close', patient: 'p1' });
    expect(heard.events).toEqual(['hub Patient-open p1', 'resync Patient-close p1']);
    expect(answers.at(-1)).toEqual(['e2', 200]);
  });

  it('is not followed when the hub cannot be asked, and the hub hears that', async () => {
    const { hub, heard, answers, asked, sync } = await adopted();
    hub(4, 'p4');
    await settle();
    await asked[1]?.fail();
    expect(answers.at(-1)).toEqual(['p4', 500]);
    expect(heard.events).toHaveLength(2);
    expect(sync.status.state).toBe('behind');
  });

  it('is followed when what the hub answers cannot be used: its events are what there is', async () => {
    const { hub, heard, answers, asked, sync } = await adopted();
    hub(4, 'p4');
    await settle();
    await asked[1]?.answer([{ key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', issue: [] } }]);
    expect(answers.at(-1)).toEqual(['p4', 200]);
    expect(heard.events.at(-1)).toBe('hub Patient-open p4');
    expect([heard.errors, sync.status.state]).toEqual([['anchor-missing'], 'in-sync']);
  });

  it('is not waited for longer than hubs wait', async () => {
    const { hub, heard, asked } = await adopted();
    await vi.advanceTimersByTimeAsync(10_001);
    hub(4, 'p4');
    expect(heard.events.at(-1)).toBe('hub Patient-open p4');
    expect(asked).toHaveLength(1);
  });
});

describe('what a hub sends again before it has answered', () => {
  it.each([
    ['under the one id that it has for all', () => '1'],
    ['under ids of its own', (id: string) => `again-${id}`],
  ])('is delivered once, %s', async (_, idOf) => {
    const { begin, gap, hub, asked, heard, sync, current } = open();
    await begin();
    await asked[0]?.answer(NONE);
    const sent = ['p1', 'p2', 'p3'].map((patient, index) => [index + 1, patient] as const);
    for (const [minute, patient] of sent) hub(minute, idOf(patient) === '1' ? '1' : patient, { patient });
    hub(4, '1', { name: 'ImagingStudy-close', context: study('s1') });
    const { length } = heard.events;
    await asked[1]?.answer(found('p3'));
    await gap();
    for (const [minute, patient] of sent) hub(minute, idOf(patient), { patient });
    await asked.at(-1)?.answer(found('p3'));
    expect([heard.events.length, current(), sync.status.state]).toEqual([length, 'p3', 'in-sync']);
  });
});

it('an open that is older than one that seemed derived is asked about', async () => {
  const { begin, hub, asked, current, sync } = open();
  await begin();
  await asked[0]?.answer(NONE);
  const context = [...study('s1'), ...patientContext('p1')];
  hub(1, '1', { name: 'ImagingStudy-open', context });
  hub(3, '1', { patient: 'p1' });
  hub(2, '1', { patient: 'p2' });
  await settle();
  expect([current(), sync.status.state]).toEqual(['s1', 'behind']);
  for (const index of [1, 2, 3, 4]) {
    await asked[index]?.answer(found('p1'));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect([current(), sync.status.state]).toEqual(['p1', 'in-sync']);
});

describe('an open that seems derived, of what the study before it tells', () => {
  const context = [...study('s1'), ...patientContext('p1')];
  const begun = async (answer: unknown, status = 200) => {
    const session = open();
    await session.begin();
    await session.asked[0]?.answer(answer, status);
    return session;
  };

  it('is asked about, because a publisher may have one id for all events', async () => {
    const { hub, asked, current, sync } = await begun(NONE);
    hub(1, '1', { name: 'ImagingStudy-open', context });
    hub(1, '1', { patient: 'p1' });
    await settle();
    expect([current(), sync.status.state]).toEqual(['s1', 'in-sync']);
    await asked[1]?.answer(found('p1'));
    expect(sync.status.state).toBe('behind');
    await asked[2]?.answer(found('p1'));
    expect([current(), sync.status.state]).toEqual(['p1', 'in-sync']);
  });

  it('alarms nobody where the hub agrees', async () => {
    const { hub, asked, heard } = await begun(NONE);
    hub(1, '1', { name: 'ImagingStudy-open', context });
    hub(1, '1', { patient: 'p1' });
    const syncs = heard.syncs.length;
    for (const index of [1, 2]) {
      await settle();
      await asked[index]?.answer({ 'context.type': 'ImagingStudy', 'context.versionId': 'v-s1', context });
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([heard.syncs.length, asked.length]).toEqual([syncs, 3]);
  });

  it('stays a doubt at a hub that does not tell what is current', async () => {
    const { hub, sync } = await begun('', 404);
    hub(2, '1', { name: 'ImagingStudy-open', context });
    hub(2, '1', { patient: 'p1' });
    await settle();
    expect(sync.status.state).toBe('behind');
    hub(3, '2', { patient: 'p2' });
    expect(sync.status.state).toBe('in-sync');
  });
});

it('an event of a clock that is slow is not taken for one that the hub sends again', async () => {
  const { begin, gap, hub, asked, contexts, current } = open();
  await begin();
  await asked[0]?.answer(NONE);
  hub(1, 's1', { name: 'ImagingStudy-open', context: study('s1') });
  hub(2, 'p1');
  await gap();
  hub(3, 'p2');
  await settle();
  await asked[1]?.answer(found('p2'));
  await asked[2]?.answer(found('p2'));
  // It says nothing of the study, because it never does.
  expect([current(), contexts.session.open.map(({ type }) => type)]).toEqual([
    'p2',
    ['ImagingStudy', 'Patient', 'Patient'],
  ]);
});

describe('what Home-open has left, from a hub whose answers name neither event nor version,', () => {
  const audit = async ({ catchUp, asked }: ReturnType<typeof open>, answer: unknown) => {
    void catchUp.audit(true);
    await settle();
    await asked.at(-1)?.answer(answer);
    await vi.advanceTimersByTimeAsync(1_000);
  };
  const atHome = async () => {
    const session = open('stu2');
    await session.begin();
    await session.asked[0]?.answer([]);
    session.hub(1, 'p1');
    // It tells of contexts, when there is one.
    await audit(session, patientContext('p1'));
    session.hub(2, 'home', { name: 'Home-open', context: [] });
    return session;
  };

  it('may have been opened again: nobody knows', async () => {
    const session = await atHome();
    await audit(session, patientContext('p1'));
    expect([session.heard.missed, session.sync.status]).toMatchObject([[], { state: 'behind', reason: 'catching-up' }]);
    await audit(session, []);
    expect(session.sync.status.state).toBe('in-sync');
  });

  it('has been opened again where the hub has told of no context since', async () => {
    const session = await atHome();
    await audit(session, []);
    expect([session.heard.missed, session.sync.status.state]).toEqual([[], 'in-sync']);
    await audit(session, patientContext('p1'));
    expect(session.heard.missed).toEqual(['event-missed']);
  });
});

describe('an open and Home-open that come in another order than the hub has sent them, the clock of the first one slow,', () => {
  const opened = async (answersBefore: readonly unknown[]) => {
    const session = open();
    const answer = async (body: unknown) => {
      void session.catchUp.audit(true);
      await settle();
      await session.asked.at(-1)?.answer(body);
      await vi.advanceTimersByTimeAsync(1_000);
    };
    await session.begin();
    await session.asked[0]?.answer(NONE);
    for (const body of answersBefore) {
      session.hub(1, 'p0', { version: 'v0' });
      await answer(found('p0', 'v0'));
      session.hub(2, 'left', { name: 'Home-open', context: [] });
      await answer(body);
    }
    // It was sent after Home-open.
    session.hub(3, 'p1', { version: 'v1' });
    session.hub(8, 'home', { name: 'Home-open', context: [] });
    for (let turn = 0; turn < 2; turn++) await answer(found('p1', 'v1'));
    return session;
  };

  it('leave the app behind: the hub may keep what was left. It is asked once to send again what is open', async () => {
    const { heard, sync, hub, catchUp, asked, current } = await opened([]);
    expect([current(), sync.status.state, heard.missed]).toEqual([null, 'behind', ['event-missed']]);
    hub(9, 'p2', { version: 'v2' });
    void catchUp.audit(true);
    await settle();
    await asked.at(-1)?.answer(found('p2', 'v2'));
    expect([current(), sync.status.state]).toEqual(['p2', 'in-sync']);
  });

  it('are told apart where the hub has told of no context after a Home-open', async () => {
    const { heard } = await opened([NONE]);
    expect(heard.missed).toEqual(['event-missed', 'event-missed']);
  });
});

describe('a close that is older than what the app has', () => {
  const opened = async (closedAt: number) => {
    const session = open();
    await session.begin();
    await session.asked[0]?.answer(NONE);
    session.hub(3, 'p1');
    session.hub(5, 's1', { name: 'ImagingStudy-open', context: study('s1') });
    session.hub(closedAt, 'c1', { name: 'Patient-close', patient: 'p1' });
    await settle();
    return session;
  };
  const STUDY = { 'context.type': 'ImagingStudy', 'context.versionId': 'v-s1', context: study('s1') };

  it.each([
    ['is followed where its clock is slow', 4, 1],
    ['is not followed where it is older than the open of what it closes', 2, 2],
  ])('%s', async (_, closedAt, left) => {
    const { asked, sync, contexts } = await opened(closedAt);
    await asked[1]?.answer(STUDY);
    await vi.advanceTimersByTimeAsync(1_000);
    await asked[2]?.answer(STUDY);
    expect([contexts.session.open.length, sync.status.state]).toEqual([left, 'in-sync']);
  });

  it('is not followed where another one has closed the same meanwhile', async () => {
    const { hub, asked, heard } = await opened(4);
    hub(6, 'c2', { name: 'Patient-close', patient: 'p1' });
    for (const index of [1, 2, 3]) {
      await asked[index]?.answer(STUDY);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(heard.events.filter((event) => event.includes('close'))).toHaveLength(1);
  });

  it('is not followed where it is older than that, and the session has gone home since', async () => {
    const { begin, hub, asked, contexts, heard } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(3, 'p1');
    hub(4, 'home', { name: 'Home-open', context: [] });
    hub(2, 'c1', { name: 'Patient-close', patient: 'p1' });
    for (const index of [1, 2, 3]) {
      await settle();
      await asked[index]?.answer(NONE);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([contexts.session.open.length, heard.events.length]).toEqual([1, 2]);
  });

  it('is not followed where the hub had it open after that, whatever came since', async () => {
    const { hub, asked, sync, contexts } = await opened(4);
    hub(6, 'p2');
    await asked[1]?.answer(found('p1'));
    await asked[2]?.answer(found('p2'));
    await vi.advanceTimersByTimeAsync(1_000);
    await asked[3]?.answer(found('p2'));
    expect([contexts.session.open.length, sync.status.state]).toEqual([3, 'in-sync']);
  });
});

describe('an audit', () => {
  it('finds nothing where nothing is missing', async () => {
    const { hub, catchUp, asked, heard } = open();
    hub(1, 'p1');
    const audit = catchUp.audit(false);
    await settle();
    await asked[0]?.answer(found('p1'));
    await audit;
    expect(heard.missed).toEqual([]);
  });

  it('doubts what it has where the hub lists nothing, and makes the connection anew, once', async () => {
    const { begin, hub, catchUp, asked, heard, sync } = open('stu2');
    await begin();
    await asked[0]?.answer([]);
    hub(1, 'p1', { name: 'patient-open' });
    expect(sync.status.state).toBe('in-sync');
    for (const turn of [1, 2]) {
      const audit = catchUp.audit(false);
      await settle();
      await asked[turn]?.answer([]);
      await vi.advanceTimersByTimeAsync(1_000);
      await audit;
    }
    expect([heard.missed, sync.status.state]).toEqual([['event-missed'], 'behind']);
  });

  it('gives an event time to come', async () => {
    const { hub, catchUp, asked, heard } = open();
    hub(1, 'p1');
    const audit = catchUp.audit(false);
    await settle();
    await asked[0]?.answer(found('p2'));
    await vi.advanceTimersByTimeAsync(999);
    hub(2, 'p2');
    await vi.advanceTimersByTimeAsync(1);
    await audit;
    expect(heard.missed).toEqual([]);
  });

  it('finds an event that never came', async () => {
    const { hub, catchUp, asked, heard } = open();
    hub(1, 'p1');
    const audit = catchUp.audit(true);
    await settle();
    await asked[0]?.answer(found('p2'));
    await vi.advanceTimersByTimeAsync(1_000);
    await audit;
    expect(heard.missed).toEqual(['event-missed']);
    expect(heard.events).toHaveLength(1);
  });

  it.each([
    [false, 'behind'],
    [true, 'in-sync'],
  ])('says that the token has ended, once (the connection is known to live: %s)', async (isProven, state) => {
    const { hub, catchUp, asked, heard, sync } = open();
    hub(1, 'p1');
    const audit = catchUp.audit(isProven);
    await settle();
    await asked[0]?.answer('', 401);
    await audit;
    await catchUp.audit(isProven);
    expect([heard.errors, sync.status.state, asked.length]).toEqual([['session-over'], state, 1]);
  });

  it.each([
    [false, ['channel-silent']],
    [true, []],
  ])('finds a hub out of reach (the connection is known to live: %s)', async (isProven, missed) => {
    const { catchUp, asked, heard } = open();
    const audit = catchUp.audit(isProven);
    await settle();
    await asked[0]?.fail();
    await audit;
    expect(heard.missed).toEqual(missed);
  });
});

it('never shows what is older than what it has shown, whatever the order in which events and answers come', async () => {
  // The hub opens patients 1, 2, 3 … and answers with the latest; each of its messages is late by a random number of steps,
  // events in order.
  const run = async (steps: readonly ('open' | 'deliver' | 'answer' | 'gap')[]) => {
    const { gap, hub, asked, current, contexts } = open();
    let latest = 0;
    let sent = 0;
    let answered = 0;
    let shown = 0;
    const questions: number[] = [];
    const look = () => {
      const now = Number(current()?.slice(1) ?? 0);
      expect(now).toBeGreaterThanOrEqual(shown);
      shown = now;
      // The hub reads a question when it arrives, and that is when it was asked.
      while (questions.length < asked.length) questions.push(latest);
    };
    const deliver = () => {
      if (sent >= latest) return;
      sent++;
      hub(sent, `e${sent}`, { patient: `p${sent}`, version: `v-p${sent}` });
    };
    const answer = async () => {
      const question = asked[answered];
      if (!question) return;
      const known = questions[answered++] ?? 0;
      await question.answer(known ? found(`p${known}`) : NONE);
    };
    await gap();
    look();
    for (const step of steps) {
      if (step === 'open') latest++;
      if (step === 'deliver') deliver();
      if (step === 'answer') await answer();
      if (step === 'gap') {
        // What was under way is lost with the connection, and the hub replays the latest.
        sent = Math.max(sent, latest - 1);
        answered = asked.length;
        await gap();
      }
      await settle();
      look();
    }
    for (let rest = 0; rest < 60; rest++) {
      deliver();
      await answer();
      // What its answers do not tell of, the hub is asked about again.
      await vi.advanceTimersByTimeAsync(1_000);
      look();
    }
    expect(current()).toBe(latest ? `p${latest}` : null);
    expect(contexts.current?.patient?.id ?? null).toBe(current());
  };
  await run(['open', 'deliver', 'open', 'open', 'answer', 'answer', 'deliver', 'open']);
  const step = fc.constantFrom('open', 'deliver', 'answer', 'gap', 'deliver', 'answer', 'open');
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), run), { numRuns: 300 });
}, 30_000);

it('is over with the connection', async () => {
  const { gap, catchUp, asked, heard } = open();
  await gap();
  catchUp.lost();
  await asked[0]?.answer(found('p1'));
  expect(heard.events).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

describe('a publisher who does not stop while the hub is asked', () => {
  it('makes the client ask once in a while, where an older event waits for the hub’s word', async () => {
    const { hub, asked, begin, heard } = open();
    await begin();
    await asked[0]?.answer(NONE);
    hub(1, 'p1');
    hub(0, 'older');
    await settle();
    for (let i = 2; i < 20; i++) {
      hub(i, `p${i}`);
      await asked.at(-1)?.answer(found(`p${i}`));
    }
    expect(asked.length).toBeLessThan(10);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(before + 1);
    await asked.at(-1)?.answer(found('older'));
    expect(heard.events.at(-1)).toBe('hub Patient-open older');
  });
});
