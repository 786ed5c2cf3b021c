import { describe, expect, it } from 'vitest';
import type { ContextEntry, TestHubOptions } from '../../../src/testing/index.ts';
import { openSocket } from '../support.ts';
import { put, remove } from './entries.ts';
import { finding, openReport, report, selects, send, updates } from './support.ts';

interface Row {
  readonly what: string;
  readonly context?: readonly ContextEntry[];
  readonly versionId?: string | undefined;
  readonly status: number;
  readonly content?: TestHubOptions['content'];
}

const one = put(finding('o1'));

const bundle = (entry: readonly unknown[], more: object = {}) => updates(entry, { bundle: more });

/** Updates that are refused, and why. Each would be taken without what its name says. */
const REFUSED: readonly Row[] = [
  { what: 'another version', versionId: 'another', status: 409 },
  {
    what: 'another version, of a hub that says 400',
    versionId: 'x',
    status: 400,
    content: { statuses: { version: 400 } },
  },
  { what: 'no version', versionId: undefined, status: 409 },
  { what: 'a report that is not open', context: updates([one], { id: 'r9' }), status: 409 },
  { what: 'a whole report that is not open', context: updates([one]).slice(1).concat(report('r9')), status: 409 },
  { what: 'no Bundle', context: updates([one]).slice(0, 1), status: 400 },
  { what: 'two Bundles', context: [...updates([one]), ...updates([put(finding('o2'))]).slice(1)], status: 400 },
  { what: 'a Bundle under another key', context: rekeyed('bundle'), status: 400 },
  { what: 'a Bundle that is no transaction', context: bundle([one], { type: 'collection' }), status: 400 },
  { what: 'a Bundle with a link', context: bundle([one], { link: [] }), status: 400 },
  { what: 'entries that are no array', context: bundle([], { entry: one }), status: 400 },
  { what: 'an entry without a request', context: updates([{ resource: finding('o1') }]), status: 400 },
  { what: 'an entry with a search', context: updates([{ ...one, search: {} }]), status: 400 },
  { what: 'an entry with a response', context: updates([{ ...one, response: {} }]), status: 400 },
  { what: 'a PUT without a resource', context: updates([{ ...one, resource: undefined }]), status: 400 },
  {
    what: 'a PUT of a resource without an id',
    context: updates([put({ resourceType: 'Observation' } as never)]),
    status: 400,
  },
  { what: 'a POST', context: updates([{ ...one, request: { method: 'POST' } }]), status: 400 },
  { what: 'a PATCH', context: updates([{ ...one, request: { method: 'PATCH' } }]), status: 400 },
  { what: 'no method', context: updates([{ ...one, request: {} }]), status: 400 },
  {
    what: 'a DELETE with a resource',
    context: updates([{ ...remove('Observation/o0'), resource: finding('o0') }]),
    status: 400,
  },
  {
    what: 'a DELETE without a fullUrl',
    context: updates([{ request: { method: 'DELETE', url: 'Observation/o0' } }]),
    status: 400,
  },
  { what: 'a resource twice', context: updates([one, put(finding('o1', 'other'))]), status: 400 },
  { what: 'a PUT and a DELETE of one resource', context: updates([one, remove('Observation/o1')]), status: 400 },
  { what: 'a DELETE of the report', context: updates([one, remove('DiagnosticReport/r1')]), status: 400 },
  { what: 'a DELETE of the patient', context: updates([one, remove('https://ehr.example/Patient/p1')]), status: 400 },
  { what: 'a DELETE of the study', context: updates([one, remove('urn:ImagingStudy/s1')]), status: 400 },
  {
    what: 'more entries than a hub takes',
    context: updates([one, put(finding('o2'))]),
    status: 413,
    content: { maxEntries: 1 },
  },
  { what: 'more bytes than a hub takes', context: updates([one]), status: 413, content: { maxBytes: 100 } },
];

function rekeyed(key: string): ContextEntry[] {
  return updates([one]).map((entry) => (entry.key === 'updates' ? { ...entry, key } : entry));
}

describe('an update is refused, and nothing of it is applied or told, that has', () => {
  it.each(REFUSED)('$what', async ({ context = updates([one]), status, content, ...row }) => {
    const { hub, session, versionId, inbox } = await openReport(content ? { content } : {});
    const version = 'versionId' in row ? row.versionId : versionId;
    const request = { context, ...(version === undefined ? {} : { versionId: version }) };
    const answer = await send(hub, session, 'DiagnosticReport-update', request);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toBe('');
    expect(session.content()).toMatchObject({ versionId, resources: [] });
    await session.publish('DiagnosticReport-close', report());
    expect((await inbox.next()).event?.['hub.event']).toBe('DiagnosticReport-close');
  });

  it('the same with 202 and a SyncError to its sender alone, in a hub that decides later', async () => {
    const { hub, session, versionId, inbox } = await openReport({ content: { refusals: 'sync-error', maxEntries: 1 } });
    const other = session.issueToken('fhircast/*.*');
    const subscribed = await fetch(hub.url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${other}` },
      body: new URLSearchParams({
        'hub.channel.type': 'websocket',
        'hub.mode': 'subscribe',
        'hub.topic': session.id,
        'hub.events': 'SyncError,DiagnosticReport-close',
        'subscriber.name': 'Worklist',
      }),
    });
    const { 'hub.channel.endpoint': endpoint } = (await subscribed.json()) as { 'hub.channel.endpoint': string };
    const worklist = openSocket(endpoint);
    await worklist.inbox.next();

    const context = updates([one]);
    const conflict = await send(hub, session, 'DiagnosticReport-update', { context, versionId: 'x', id: 'late-1' });
    expect(conflict.status).toBe(202);
    expect(issueOf(await inbox.next())).toEqual({
      code: 'processing',
      eventId: 'late-1',
      eventName: 'DiagnosticReport-update',
      of: 'Viewer',
    });
    const two = updates([one, put(finding('o2'))]);
    const tooLong = await send(hub, session, 'DiagnosticReport-update', { context: two, versionId, id: 'late-2' });
    expect(tooLong.status).toBe(202);
    expect(issueOf(await inbox.next())).toEqual({
      code: 'too-long',
      eventId: 'late-2',
      eventName: 'DiagnosticReport-update',
      of: 'Viewer',
    });
    expect(session.content()).toMatchObject({ versionId, resources: [] });
    await session.publish('DiagnosticReport-close', report());
    expect((await worklist.inbox.next()).event?.['hub.event']).toBe('DiagnosticReport-close');
  });

  it('what the EHR publishes, as any other application would', async () => {
    const { session, versionId } = await openReport();
    const { refused, answers } = await session.update({ put: [finding('o1')] }, { versionId: 'another' });
    expect(refused).toEqual({ status: 409, text: expect.any(String) });
    expect(answers).toEqual([]);
    expect(session.content()?.versionId).toBe(versionId);
  });
});

describe('a select is refused', () => {
  it.each([
    ['of a report that is not open', selects(['Observation/o1'], 'r9'), {}],
    ['of what is open and not current, even where that may be updated', selects([]), { nonCurrentUpdates: true }],
  ])('%s', async (_, context, content) => {
    const { hub, session } = await openReport({ content });
    if (context.length === 1) await session.publish('DiagnosticReport-open', report('r2'));
    expect((await send(hub, session, 'DiagnosticReport-select', { context })).status).toBe(409);
  });
});

describe('an update is taken that has', () => {
  it.each([
    ['no request.url', updates([{ ...one, request: { method: 'PUT' } }])],
    [
      "the hub's URL as request.url",
      updates([{ ...one, request: { method: 'PUT', url: 'https://hub.example/topic' } }]),
    ],
    [
      'the report as a whole resource',
      updates([one]).map((entry) => (entry.key === 'report' ? report()[0] : entry) as ContextEntry),
    ],
    ['no entries', bundle([], { entry: undefined })],
    ['a DELETE of what is not there', updates([remove('Observation/o0')])],
    ['a Bundle without an id', bundle([one], { id: undefined })],
  ])('%s', async (_, context) => {
    const { hub, session, versionId, inbox } = await openReport();
    expect((await send(hub, session, 'DiagnosticReport-update', { context, versionId })).status).toBe(202);
    expect(session.content()?.versionId).not.toBe(versionId);
    expect((await inbox.next()).event?.['context.priorVersionId']).toBe(versionId);
  });

  it('a DELETE by the very fullUrl of its PUT, which names no type', async () => {
    const { session } = await openReport();
    const fullUrl = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
    await session.publish('DiagnosticReport-update', updates([put(finding('o1'), fullUrl)]));
    await session.publish('DiagnosticReport-update', updates([remove(fullUrl)]));
    expect(session.content()?.resources).toEqual([]);
  });
});

function issueOf({ event }: { event?: Record<string, unknown> }) {
  const context = event?.['context'] as { resource: { issue: { code: string; details: { coding: Coding[] } }[] } }[];
  const issue = context[0]?.resource.issue[0];
  const code = (end: string) => issue?.details.coding.find(({ system }) => system.endsWith(end))?.code;
  return { code: issue?.code, eventId: code('/eventid'), eventName: code('/eventname'), of: code('/subscriber') };
}

interface Coding {
  readonly system: string;
  readonly code: string;
}
