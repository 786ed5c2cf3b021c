import type { ContextEntry, TestHub, TestHubOptions, TestSession } from '../../../src/testing/index.ts';
import { openHub, subscribeSocket } from '../support.ts';
import type { ContentEntry } from './entries.ts';

/** The events of a report, and SyncErrors. */
const REPORT_EVENTS = ['open', 'close', 'update', 'select'].map((verb) => `DiagnosticReport-${verb}`);

/** What a report is opened with. */
export const report = (id = 'r1'): ContextEntry[] => [
  {
    key: 'report',
    resource: { resourceType: 'DiagnosticReport', id, status: 'unknown', subject: { reference: 'Patient/p1' } },
  },
  { key: 'patient', resource: { resourceType: 'Patient', id: 'p1', identifier: [{ system: 'urn:mrn', value: '7' }] } },
  { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1', identifier: [{ value: 'acc-1' }] } },
];

/** A finding of this id; `text` tells two of its states apart. */
export const finding = (id: string, text = id) => ({
  resourceType: 'Observation',
  id,
  status: 'preliminary',
  valueString: text,
});

/** The context of an update of a report. */
export const updates = (entry: readonly unknown[], { id = 'r1', bundle = {} as object } = {}): ContextEntry[] => [
  { key: 'report', reference: { reference: `DiagnosticReport/${id}` } },
  { key: 'updates', resource: { resourceType: 'Bundle', id: 'bundle-1', type: 'transaction', entry, ...bundle } },
];

/** The context of a select of a report, one entry for each reference. */
export const selects = (references: readonly string[], id = 'r1'): ContextEntry[] => [
  { key: 'report', reference: { reference: `DiagnosticReport/${id}` } },
  ...references.map((reference) => ({ key: 'select', reference: { reference } })),
];

/** A report that is open at a hub, and an app that hears of it. */
export async function openReport(options: TestHubOptions = {}, events = [...REPORT_EVENTS, 'SyncError'].join(',')) {
  const hub = await openHub(options);
  const session = hub.openSession();
  const app = await subscribeSocket(hub, session, { events });
  const { versionId = '' } = await session.publish('DiagnosticReport-open', report());
  await app.inbox.next();
  return { hub, session, versionId, ...app };
}

/** Sends an event as an app does, and tells the answer. */
export async function send(
  hub: TestHub,
  session: TestSession,
  name: string,
  {
    context,
    versionId,
    id = crypto.randomUUID(),
  }: { context: readonly ContextEntry[]; versionId?: string; id?: string },
): Promise<{ status: number; text: string }> {
  const event = {
    'hub.topic': session.id,
    'hub.event': name,
    ...(versionId === undefined ? {} : { 'context.versionId': versionId }),
    context,
  };
  const at = hub.traits.publishAt.includes('hub') ? hub.url : session.url;
  const response = await fetch(at, {
    method: 'POST',
    headers: { Authorization: `Bearer ${session.accessToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ timestamp: new Date().toISOString(), id, event }),
  });
  return { status: response.status, text: await response.text() };
}

/** The current context as the hub tells it. */
export async function told(hub: TestHub, session: TestSession) {
  const response = await fetch(`${hub.url}/${session.id}`, {
    headers: { Authorization: `Bearer ${session.accessToken}` },
  });
  return (await response.json()) as { 'context.type': string; 'context.versionId'?: string; context: ContextEntry[] };
}

/** The entries of the content in it; `undefined` where there is no key `content`. */
export function contentIn({ context }: { context: readonly ContextEntry[] }): readonly ContentEntry[] | undefined {
  const entry = context.find(({ key }) => key === 'content');
  return entry && ((entry['resource'] as { entry?: ContentEntry[] }).entry ?? []);
}
