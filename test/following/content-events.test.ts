import { describe, expect, it } from 'vitest';
import type { FhircastEvent } from '../../src/events/event.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { Inbox, type InboxOptions } from '../../src/following/inbox.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import { UNHEARD } from './unheard.ts';

const TOPIC = 'session';

function open(options: Partial<InboxOptions> = {}) {
  const listeners = new Listeners(() => {});
  const contexts = new ContextStore();
  const events: FhircastEvent[] = [];
  const late: FhircastEvent[] = [];
  listeners.add('*', (event: FhircastEvent) => void events.push(event), false);
  const inbox = new Inbox({
    ...UNHEARD,
    topic: TOPIC,
    dialect: () => dialectOf('stu3'),
    listeners,
    contexts,
    acknowledgeWithinMs: 5,
    late: (event) => late.push(event),
    ...options,
  });
  const statuses: number[] = [];
  let ids = 0;
  const send = (name: string, context: unknown[], facts: { minute?: number; id?: string; version?: string } = {}) => {
    const { minute = 0, id = `e${ids++}`, version } = facts;
    const timestamp = new Date(Date.UTC(2026, 0, 5, 8, minute)).toISOString();
    const event = { 'hub.topic': TOPIC, 'hub.event': name, context, 'context.versionId': version };
    inbox.receive(JSON.stringify({ timestamp, id, event }), (status) => statuses.push(status), 'webhook');
  };
  return { contexts, events, late, listeners, send, statuses };
}

const patient = { key: 'patient', resource: { resourceType: 'Patient', id: 'p' } };
const report = (id: string) => [{ key: 'report', resource: { resourceType: 'DiagnosticReport', id } }, patient];
const update = (id: string) => [
  { key: 'report', reference: { reference: `DiagnosticReport/${id}` } },
  { key: 'updates', resource: { resourceType: 'Bundle', type: 'transaction', entry: [] } },
];

describe('an event about content', () => {
  it('says whether its anchor is the current one', () => {
    const { send, events } = open();
    send('DiagnosticReport-open', report('r1'));
    send('DiagnosticReport-update', update('r1'), { minute: 1 });
    send('DiagnosticReport-open', report('r2'), { minute: 2 });
    send('DiagnosticReport-update', update('r1'), { minute: 3 });
    send('DiagnosticReport-close', report('r1'), { minute: 4 });
    send('DiagnosticReport-close', report('r2'), { minute: 5 });
    expect(events.map(({ isCurrent }) => isCurrent)).toEqual([true, true, true, false, false, true]);
  });

  it('tells the version of its anchor, whether anybody listens to it or not', () => {
    const { send, contexts } = open();
    send('DiagnosticReport-open', report('r1'), { version: 'v1' });
    const { session } = contexts;
    send('DiagnosticReport-update', update('r1'), { version: 'v2' });
    send('DiagnosticReport-select', update('r1').slice(0, 1), { version: 'v3' });
    const [of] = contexts.meant('diagnosticreport', session.open[0]?.context ?? []);
    expect(of?.versionId).toBe('v3');
  });

  it('changes no context', () => {
    const { send, contexts } = open();
    send('DiagnosticReport-open', report('r1'), { version: 'v1' });
    const { session } = contexts;
    send('DiagnosticReport-update', update('r1'), { version: 'v2' });
    expect(contexts.session).toBe(session);
  });

  it('is never dropped by its time', () => {
    const { send, events, statuses } = open();
    send('DiagnosticReport-open', report('r1'), { minute: 50 });
    // What is older than what was forgotten is dropped where it opens something.
    for (let i = 0; i < 1_100; i++) send('DiagnosticReport-update', update('r1'), { minute: 40, version: `v${i}` });
    send('DiagnosticReport-update', update('r1'), { minute: 1, version: 'late' });
    send('DiagnosticReport-select', update('r1').slice(0, 1), { minute: 2, version: 'later' });
    expect(events.length).toBe(1_103);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('is never dropped by its likeness, also where a hub sends each event twice', () => {
    const { send, events } = open({ dialect: () => ({ ...dialectOf('stu3'), sendsTwice: true }) });
    send('DiagnosticReport-open', report('r1'));
    for (const id of ['a', 'b']) send('DiagnosticReport-update', update('r1'), { minute: 1, id, version: 'v2' });
    for (const id of ['c', 'd']) send('DiagnosticReport-select', update('r1').slice(0, 1), { minute: 2, id });
    expect(events.map(({ id }) => id)).toEqual(['e0', 'a', 'b', 'c', 'd']);
  });

  it('that fails late draws no SyncError', async () => {
    const { send, late, listeners } = open();
    const failed: Promise<unknown>[] = [];
    const failLate = () => {
      const failure = new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 20));
      failed.push(failure.catch(() => {}));
      return failure;
    };
    for (const name of ['open', 'update', 'select']) listeners.add(`DiagnosticReport-${name}`, failLate, false);
    listeners.add('error', () => {}, false);
    send('DiagnosticReport-open', report('r1'));
    send('DiagnosticReport-update', update('r1'));
    send('DiagnosticReport-select', update('r1').slice(0, 1));
    await Promise.all(failed);
    await Promise.resolve();
    expect(late.map(({ name }) => name)).toEqual(['DiagnosticReport-open']);
  });
});
