import { describe, expect, it } from 'vitest';
import { FhircastEvent } from '../../src/events/event.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';
import { growth, LIMIT } from '../growth.ts';

const event = (name: string, context: unknown) =>
  JSON.stringify({ timestamp: '', id: '1', event: { 'hub.topic': 'topic', 'hub.event': name, context } });

const many = (parts: number, part: (i: number) => unknown) => Array.from({ length: parts }, (_, i) => part(i));

const syncError = (issue: unknown) =>
  event('SyncError', [{ key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', issue } }]);

const coding = { system: 'https://fhircast.hl7.org/events/syncerror/eventid', code: 'e' };

/** Reads a message, and asks for all that its event can tell. */
const readAll = (body: string) => {
  const notification = parseNotification(parseJson(body));
  const read = new FhircastEvent(
    notification,
    { source: 'hub', isEcho: false },
    { waitUntil: () => {}, refuse: () => {} },
  );
  return [read.anchor, read.anchorReference, read.patient, read.studies, read.content, read.syncError, read.syncErrors];
};

describe('ten times as much costs no more than a few times as much again, in an event', () => {
  it.each<[string, (parts: number) => string]>([
    [
      'with entries',
      (n) =>
        event(
          'org.example.x',
          many(n, (i) => ({ key: `k${i}` })),
        ),
    ],
    [
      'with entries that have to be mended',
      (n) =>
        event(
          'org.example.x',
          many(n, () => ({ key: 'k', resource: null })),
        ),
    ],
    [
      'with studies',
      (n) =>
        event(
          'Encounter-open',
          many(n, () => ({ key: 'study', resource: { resourceType: 'IMAGINGSTUDY' } })),
        ),
    ],
    ['of a SyncError with issues', (n) => syncError(many(n, () => ({ details: { coding: [coding] } })))],
    ['of a SyncError with codings', (n) => syncError([{ details: { coding: many(n, () => coding) } }])],
  ])('%s', async (_, make) => {
    expect(await growth(make, readAll, 1_000)).toBeLessThan(LIMIT);
  });
});

it('more entries than any app shows are refused', () => {
  const entry = { key: 'k' };
  expect(parseNotification(parseJson(event('org.example.x', Array(10_000).fill(entry)))).context).toHaveLength(10_000);
  expect(() => parseNotification(parseJson(event('org.example.x', Array(10_001).fill(entry))))).toThrow(
    expect.objectContaining({ code: 'notification-malformed', at: 'event.context has more than 10000 entries' }),
  );
});

it('some deviations are told of, and all are mended', () => {
  const body = event('org.example.x', Array(1_000).fill({ key: 'k', resource: [{ resourceType: 'Patient' }] }));
  const { context, deviations } = parseNotification(parseJson(body));
  expect(deviations).toHaveLength(16);
  expect(context.map(({ resource }) => resource)).toEqual(Array(1_000).fill({ resourceType: 'Patient' }));
});

it('an id is of 1,024 characters at most', () => {
  const read = (id: string) =>
    parseNotification(parseJson(JSON.stringify({ id, event: { 'hub.topic': 't', 'hub.event': 'org.example.x' } })));
  expect(read('i'.repeat(1_024)).id).toHaveLength(1_024);
  expect(() => read('i'.repeat(1_025))).toThrow(expect.objectContaining({ at: 'id is too long' }));
});
