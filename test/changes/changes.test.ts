import type { FhirResource } from 'fhir/r4';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Changes } from '../../src/changes/changes.ts';
import { checkChange, toContext } from '../../src/changes/check-change.ts';
import { ContextChangeError } from '../../src/errors/errors.ts';
import { makeSyncError } from '../../src/events/sync-error.ts';
import type { ContextChangeOutcome, Resending } from '../../src/following/outcome.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { DialectName } from '../../src/index.ts';
import { eventOf, notify, patientContext, TOPIC } from '../client/support.ts';
import { chooserOf } from '../hub/support.ts';

interface Sent {
  timestamp: string;
  id: string;
  event: Record<string, unknown>;
}

/** Changes, sent to a hub that answers as told. */
function change(
  answer: (sent: Sent) => Response | Promise<Response> = () => new Response('', { status: 202 }),
  dialect?: DialectName,
) {
  const sent: Sent[] = [];
  const resends: Resending[] = [];
  const warned: unknown[] = [];
  const api = new HubApi({
    hubUrl: 'https://hub.example.org',
    topic: TOPIC,
    chooser: chooserOf(dialect),
    accessToken: () => undefined,
    record: () => {},
    timeoutMs: 5_000,
    fetch: async (_, init) => {
      const message = JSON.parse(String(init.body)) as Sent;
      sent.push(message);
      return answer(message);
    },
  });
  const changes = new Changes({
    api,
    resends: 3,
    hearing: () => hearing,
    conflict: () => {},
    resend: (resending) => resends.push(resending),
    warned: ({ at }) => warned.push(at),
  });
  const send = (after?: number) => changes.send('Patient-open', patientContext(), after, undefined);
  /** Sends a change that the hub takes. */
  const accepted = async () => {
    const result = await send();
    if (!result.accepted) throw new Error('It was refused.');
    return result;
  };
  const objection = (eventId: string) =>
    eventOf({
      name: 'SyncError',
      id: `objection-${eventId}`,
      timestamp: new Date().toISOString(),
      context: [
        {
          key: 'operationoutcome',
          resource: makeSyncError({ eventId, eventName: 'Patient-open', subscriber: 'PACS', diagnostics: 'busy' }),
        },
      ],
    });
  return { changes, sent, send, accepted, objection, resends, warned };
}

/** How objections are heard at the moment, as the tracker tells it. */
let hearing: number | undefined;
beforeEach(() => {
  hearing = 1;
});

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 4, 1, 10) }));
afterEach(() => void vi.useRealTimers());

describe('what is sent', () => {
  it('is the event with an id of its own', async () => {
    const { sent, send } = change();
    await send();
    await send();
    expect(sent[0]).toEqual({
      timestamp: '2024-05-01T10:00:00.000Z',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      event: { 'hub.topic': TOPIC, 'hub.event': 'Patient-open', context: patientContext() },
    });
    expect(sent[1]?.id).not.toBe(sent[0]?.id);
  });

  it('is later than the change before, also in the same millisecond', async () => {
    const { sent, send } = change();
    await Promise.all([send(), send(), send(), send()]);
    const times = sent.map(({ timestamp }) => Date.parse(timestamp));
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 1, 2, 3]);
  });

  it('has the spelling of the hub’s version', async () => {
    const { sent, send } = change(undefined, 'draft');
    await send().catch(() => {});
    expect(sent[0]?.event['hub.event']).toBe('open-patient-chart');
  });

  it('is newer than what is known, also where another clock is ahead', async () => {
    const { sent, send } = change();
    await send(Date.now() + 60_000.7);
    await send(Date.now() - 60_000);
    expect(sent.map(({ timestamp }) => timestamp)).toEqual(['2024-05-01T10:01:00.001Z', '2024-05-01T10:01:00.002Z']);
  });
});

describe('the answer of the hub', () => {
  it.each([200, 201, 202, 204])('%s is an acceptance', async (status) => {
    const { send } = change(() => new Response(null, { status }));
    expect(await send()).toMatchObject({ accepted: true, status });
  });

  it.each([
    [400, 'Bad event', 'Bad event'],
    [404, ' nobody is subscribed\n', 'nobody is subscribed'],
    [409, '{"resourceType":"OperationOutcome","issue":[{"diagnostics":"busy"}]}', 'busy'],
    [504, '', ''],
  ])('%s is a refusal with its text', async (status, body, reason) => {
    const { send, sent } = change(() => new Response(body, { status }));
    expect(await send()).toEqual({ accepted: false, id: sent[0]?.id, status, reason });
    expect(sent).toHaveLength(1);
  });

  it('that does not come is an error, and the change is forgotten', async () => {
    const { changes, send, sent } = change(() => Promise.reject(new TypeError('fetch failed')));
    await expect(send()).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(changes.isEcho(notify({ id: sent[0]?.id ?? '' }))).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what became of a change', () => {
  it('followed: it came back, and nobody objected for twelve seconds', async () => {
    const { changes, accepted } = change();
    const { id, outcome } = await accepted();
    const echo = eventOf({ id });
    expect(changes.isEcho(notify({ id }))).toBe(true);
    changes.received(echo);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toEqual({ kind: 'followed', event: echo, objections: 'heard' });
  });

  it('followed, when it came back before the answer', async () => {
    const { changes, accepted } = change(({ id }) => {
      expect(changes.isEcho(notify({ id }))).toBe(true);
      changes.received(eventOf({ id }));
      return new Response('');
    });
    const { outcome } = await accepted();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed' });
  });

  it('followed, when it came back under an id of the hub’s own', async () => {
    const { changes, accepted, sent } = change();
    const { outcome } = await accepted();
    const facts = { id: 'of-the-hub', timestamp: sent[0]?.timestamp ?? '' };
    expect(changes.isEcho(notify({ ...facts, name: 'Patient-close' }))).toBe(false);
    expect(changes.isEcho(notify(facts))).toBe(true);
    changes.received(eventOf(facts));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed', event: { id: 'of-the-hub' } });
  });

  it('not followed: somebody objected, before the echo or after it', async () => {
    for (const isEchoed of [false, true]) {
      const { changes, accepted, objection } = change();
      const { id, outcome } = await accepted();
      if (isEchoed) changes.received(eventOf({ id }));
      changes.received(objection(id));
      expect(await outcome).toMatchObject({ kind: 'sync-error', subscriber: 'PACS', diagnostics: 'busy' });
      // It is going to be sent again, and waits for nothing else.
      expect(vi.getTimerCount()).toBe(1);
      changes.close();
    }
  });

  it('an objection to another event is no objection to it', async () => {
    const { changes, accepted, objection } = change();
    const { id, outcome } = await accepted();
    changes.received(objection('another'));
    changes.received(eventOf({ name: 'SyncError', id: 'empty', context: [] }));
    changes.received(eventOf({ id }));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed' });
  });

  it('overtaken: a newer context came first', async () => {
    const { changes, accepted } = change();
    const { outcome } = await accepted();
    const event = eventOf({ id: 'newer', timestamp: inSeconds(1), context: patientContext('p2') });
    changes.received(event);
    expect(await outcome).toEqual({ kind: 'overtaken', event });
  });

  it('not overtaken by an older context that was on its way', async () => {
    const { changes, accepted } = change();
    const { id, outcome } = await accepted();
    changes.received(eventOf({ id: 'older', timestamp: inSeconds(-1), context: patientContext('p2') }));
    changes.received(eventOf({ id }));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed', event: { id } });
  });

  it('not overtaken by what is no context, nor after it came back', async () => {
    const { changes, accepted } = change();
    const { id, outcome } = await accepted();
    changes.received(eventOf({ id: 'content', name: 'DiagnosticReport-update', timestamp: inSeconds(1), context: [] }));
    changes.received(eventOf({ id }));
    changes.received(eventOf({ id: 'newer', timestamp: inSeconds(2) }));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed', event: { id } });
  });

  it('unknown: nothing was heard of it', async () => {
    const { accepted } = change();
    const { outcome } = await accepted();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toEqual({ kind: 'unknown', objections: 'heard' });
  });

  it.each([
    ['none can be heard', undefined, undefined],
    ['the connection was lost meanwhile', 1, 2],
    ['they are not granted any more', 1, undefined],
    ['they are granted too late', undefined, 1],
  ])('says that objections are unheard when %s', async (_, before, after) => {
    hearing = before;
    const { changes, accepted } = change();
    const { id, outcome } = await accepted();
    changes.received(eventOf({ id }));
    hearing = after;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await outcome).toMatchObject({ kind: 'followed', objections: 'unheard' });
  });

  it('not followed: a SyncError of before STU2 has the id of the change, and names none', async () => {
    const { changes, accepted } = change();
    const { id, outcome } = await accepted();
    const issue = [{ severity: 'warning', code: 'processing', diagnostics: 'busy' }];
    const resource = { resourceType: 'OperationOutcome', issue } as FhirResource;
    changes.received(eventOf({ name: 'SyncError', id, context: [{ key: 'operationoutcome', resource }] }));
    expect(await outcome).toMatchObject({ kind: 'sync-error', diagnostics: 'busy' });
    changes.close();
  });

  it('unknown, at once, when the app leaves; no timer is left', async () => {
    const { changes, accepted } = change();
    const outcomes = [(await accepted()).outcome, (await accepted()).outcome];
    changes.close();
    expect(await Promise.all(outcomes)).toEqual([
      { kind: 'unknown', objections: 'unheard' },
      { kind: 'unknown', objections: 'unheard' },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is remembered for the last 32 changes, and settled for those before', async () => {
    const { changes, accepted } = change();
    const results = [];
    for (let i = 0; i < 33; i++) results.push(await accepted());
    const [first, second] = results;
    expect(await first?.outcome).toEqual({ kind: 'unknown', objections: 'unheard' });
    expect(changes.isEcho(notify({ id: first?.id ?? '', timestamp: inSeconds(1) }))).toBe(false);
    expect(changes.isEcho(notify({ id: second?.id ?? '', timestamp: inSeconds(1) }))).toBe(true);
    changes.close();
  });
});

describe('what is checked before it is sent', () => {
  const patient = { resourceType: 'Patient', id: 'p1' };
  const study = { resourceType: 'ImagingStudy', id: 's1', subject: { reference: 'Patient/p2' } };

  it.each<[string, unknown, string]>([
    ['Patient-open', {}, 'patient is missing'],
    ['Patient-open', undefined, 'patient is missing'],
    ['Patient-open', null, 'patient is missing'],
    ['Patient-open', { patient: undefined }, 'patient is missing'],
    ['Patient-open', { patient: { resourceType: 'Patient' } }, 'patient is missing'],
    ['Patient-open', { patient: { resourceType: 'Practitioner', id: 'p1' } }, 'patient contradicts the event'],
    ['Patient-open', { patient: [patient, { ...patient, id: 'p2' }] }, 'context[0].resource is no resource'],
    ['Patient-open', { patient: 'p1' }, 'context[0].resource is no resource'],
    ['Patient-open', { patient: { id: 'p1' } }, 'context[0].resource is no resource'],
    ['Patient-open', 'p1', 'context[0].resource is no resource'],
    ['Patient-open', [null], 'context[0] has no key'],
    ['Patient-open', { patient, encounter: { resourceType: 'Patient', id: 'e1' } }, 'encounter is no Encounter'],
    ['Encounter-open', { encounter: { resourceType: 'Encounter', id: 'e1' } }, 'patient is missing'],
    ['ImagingStudy-open', { patient, study }, 'study contradicts the event'],
    ['DiagnosticReport-update', { report: { reference: 'DiagnosticReport/r1' } }, 'updates is missing'],
  ])('%s with %j is not', (name, resources, at) => {
    const check = () => checkChange(name, toContext(name, resources), false);
    expect(check).toThrow(ContextChangeError);
    expect(check).toThrow(expect.objectContaining({ code: 'change-invalid', at }));
  });

  it('a context is made of what the app passes', () => {
    const studies = [study, { ...study, id: 's2' }] as FhirResource[];
    const report = { resourceType: 'DiagnosticReport', id: 'r1' };
    expect(toContext('DiagnosticReport-open', { report, patient, study: studies, encounter: undefined })).toEqual([
      { key: 'report', resource: report },
      { key: 'patient', resource: patient },
      { key: 'study', resource: studies[0] },
      { key: 'study', resource: studies[1] },
    ]);
    expect(toContext('DiagnosticReport-select', { report: { reference: 'DiagnosticReport/r1' } })).toEqual([
      { key: 'report', reference: { reference: 'DiagnosticReport/r1' } },
    ]);
    const context = patientContext();
    expect(toContext('Patient-open', context)).toBe(context);
    expect(toContext('Home-open', {})).toEqual([]);
  });
});

describe('a change that somebody did not follow', () => {
  /** Sends a change, which comes back, and to which somebody objects. */
  async function refused(answer?: Parameters<typeof change>[0]) {
    const world = change(answer);
    const { id, outcome } = await world.accepted();
    const echo = (index: number) =>
      notify({ id: world.sent[index]?.id ?? '', timestamp: world.sent[index]?.timestamp ?? '' });
    world.changes.received(eventOf({ id, timestamp: world.sent[0]?.timestamp ?? '' }));
    world.changes.received(world.objection(id));
    const first = await outcome;
    if (first.kind !== 'sync-error' || !first.resending) throw new Error('It is not sent again.');
    return { ...world, id, echo, resending: first.resending };
  }
  const SECONDS = 1000;

  it('is sent again after 10 seconds, with the original time and another id', async () => {
    const { sent, resending, resends } = await refused();
    await vi.advanceTimersByTimeAsync(10 * SECONDS - 1);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual({ ...sent[0], id: expect.not.stringMatching(sent[0]?.id ?? '-') });
    expect(resends).toEqual([resending]);
    expect(resending).toMatchObject({ name: 'Patient-open', subscriber: 'PACS', attempts: 1 });
  });

  it('is followed when nobody objects any more', async () => {
    const { changes, resending, echo } = await refused();
    await vi.advanceTimersByTimeAsync(10 * SECONDS);
    changes.repeated(echo(1));
    await vi.advanceTimersByTimeAsync(12 * SECONDS);
    expect(await resending.outcome).toMatchObject({ kind: 'followed', event: { isEcho: false, name: 'Patient-open' } });
  });

  it('is sent as often as the option says, 10 seconds after every objection', async () => {
    const { changes, sent, resending, objection } = await refused();
    for (const times of [2, 3, 4]) {
      await vi.advanceTimersByTimeAsync(10 * SECONDS);
      expect(sent).toHaveLength(times);
      changes.received(objection(sent.at(-1)?.id ?? ''));
    }
    expect(await resending.outcome).toMatchObject({ kind: 'sync-error', subscriber: 'PACS' });
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect(sent).toHaveLength(4);
  });

  it.each<[string, (world: Awaited<ReturnType<typeof refused>>) => void, Partial<ContextChangeOutcome>]>([
    [
      'a newer context comes',
      ({ changes }) => changes.received(eventOf({ id: 'newer', timestamp: inSeconds(5) })),
      { kind: 'overtaken' },
    ],
    ['the app stops it', ({ resending }) => resending.stop(), { kind: 'sync-error' }],
    ['the client is closed', ({ changes }) => changes.close(), { kind: 'sync-error' }],
  ])('is not sent again when %s', async (_, end, outcome) => {
    const world = await refused();
    await vi.advanceTimersByTimeAsync(5 * SECONDS);
    end(world);
    expect(await world.resending.outcome).toMatchObject(outcome);
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect(world.sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not sent again when this app has changed the context since', async () => {
    const { changes, sent, send, resending } = await refused();
    await vi.advanceTimersByTimeAsync(5 * SECONDS);
    await send();
    changes.received(eventOf({ id: sent[1]?.id ?? '', timestamp: sent[1]?.timestamp ?? '' }));
    expect(await resending.outcome).toMatchObject({ kind: 'overtaken' });
  });

  it('is not sent again to a hub that refuses it, and again to one that is out of reach', async () => {
    let attempts = 0;
    const { resending } = await refused(() => {
      attempts++;
      if (attempts === 2) throw new TypeError('fetch failed');
      return new Response('', { status: attempts === 1 ? 202 : 409 });
    });
    await vi.advanceTimersByTimeAsync(10 * SECONDS);
    expect(attempts).toBe(2);
    await vi.advanceTimersByTimeAsync(10 * SECONDS);
    expect(attempts).toBe(3);
    expect(await resending.outcome).toMatchObject({ kind: 'sync-error' });
  });

  it('is not sent again by a client that was closed before the hub had answered', async () => {
    let answer: (response: Response) => void = () => {};
    const { changes, sent, send, objection } = change(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const result = send();
    await vi.advanceTimersByTimeAsync(0);
    changes.received(objection(sent[0]?.id ?? ''));
    changes.close();
    answer(new Response('', { status: 202 }));
    expect(await result).toMatchObject({ accepted: true });
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
