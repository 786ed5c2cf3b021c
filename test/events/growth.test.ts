import { afterEach, describe, expect, it, vi } from 'vitest';
import { FhircastEvent } from '../../src/events/event.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';
import { growth, LIMIT } from '../growth.ts';

afterEach(() => void vi.restoreAllMocks());

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
    { source: 'hub', isEcho: false, isCurrent: false },
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
    [
      'with objects of nothing',
      (n) =>
        event(
          'org.example.x',
          many(20 * n, () => ({})),
        ),
    ],
    [
      'with members',
      (n) =>
        event('org.example.x', [{ members: 'HERE' }]).replace('"HERE"', `{${many(5 * n, (i) => `"a${i}":1`).join()}}`),
    ],
    ['of a SyncError with issues', (n) => syncError(many(n, () => ({ details: { coding: [coding] } })))],
    ['of a SyncError with codings', (n) => syncError([{ details: { coding: many(n, () => coding) } }])],
  ])('%s', async (_, make) => {
    const readOrRefuse = (body: string) => {
      try {
        readAll(body);
      } catch (error) {
        // What is refused has been read too.
        expect(error).toMatchObject({ code: 'notification-malformed' });
      }
    };
    expect(await growth(make, readOrRefuse, 1_000)).toBeLessThan(LIMIT);
  });
});

it('more entries than any app shows are refused', () => {
  const entry = { key: 'k' };
  expect(parseNotification(parseJson(event('org.example.x', Array(10_000).fill(entry)))).context).toHaveLength(10_000);
  expect(() => parseNotification(parseJson(event('org.example.x', Array(10_001).fill(entry))))).toThrow(
    expect.objectContaining({ code: 'notification-malformed', at: 'event.context has more than 10000 entries' }),
  );
});

it.each<[string, string]>([
  ['items of one array', `[${Array(20_001).fill('{"key":"k"}').join()}]`],
  ['members of one object', `[{"key":"k",${many(20_001, (i) => `"a${i}":1`).join()}}]`],
  ['items in all', `[${many(20, () => `{"key":"k","a":[${Array(9_999).fill('{}').join()}]}`).join()}]`],
  ['members in all', `[${many(60, () => `{"key":"k",${many(9_999, (i) => `"a${i}":1`).join()}}`).join()}]`],
  ['arrays in all', `[${many(3_000, () => `{"key":"k","a":${'['.repeat(100)}${']'.repeat(100)}}`).join()}]`],
])('more %s than any resource has are refused, before they are parsed', (_, context) => {
  const parse = vi.spyOn(JSON, 'parse');
  const body = event('org.example.x', 'HERE').replace('"HERE"', () => context);
  expect(() => parseJson(body)).toThrow(
    expect.objectContaining({ code: 'notification-malformed', at: 'its number of parts' }),
  );
  expect(parse).not.toHaveBeenCalled();
});

it('what commas and brackets stand in a text does not count', () => {
  const context = [{ key: 'k', text: ',[{'.repeat(300_000) }];
  expect(parseNotification(parseJson(event('org.example.x', context))).context).toEqual(context);
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
