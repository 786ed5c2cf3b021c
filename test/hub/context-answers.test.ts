import { describe, expect, it } from 'vitest';
import { HubApi } from '../../src/hub/api.ts';
import { FhircastClient, type FhircastError } from '../../src/index.ts';
import { type Answered, confirming, isDiscovery, startPlainHub, usual } from './plain-hub.ts';
import { chooserOf } from './support.ts';

const patient = { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } };
const study = { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1' } };

/** A hub that confirms, and answers a request for the current context as the test says. */
const startTellingHub = (answered: () => Answered) =>
  startPlainHub(
    (asked, hub) => (asked.method === 'GET' && !isDiscovery(asked) ? answered() : usual(asked, hub)),
    confirming('t1'),
  );

describe('a hub that answers every GET with a page', () => {
  it('does not tell the current context, and is no error', async () => {
    const page = { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><p>Welcome</p>' };
    const hub = await startTellingHub(() => page);
    await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1', silenceMs: 20 });
    const errors: FhircastError[] = [];
    const inSync = new Promise<void>((resolve) =>
      client.on('sync', ({ state }) => {
        if (state === 'in-sync') resolve();
      }),
    );
    client.on('Patient-open', () => {});
    client.on('error', (error) => errors.push(error));
    await client.ready();
    await inSync;
    await expect(client.getCurrentContext()).rejects.toMatchObject({ code: 'context-unsupported' });
    expect(client.context.current).toBeNull();
    expect(errors).toEqual([]);
  });
});

describe('a list of contexts', () => {
  const told = [
    { contextType: 'Patient', 'context.versionId': '1', context: [{ ...patient, reference: null }] },
    { contextType: 'ImagingStudy', 'context.versionId': null, context: [study, patient] },
  ];

  it('is read for the current one', async () => {
    const hub = await startTellingHub(() => ({ status: 200, body: JSON.stringify(told) }));
    await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1' });
    expect(await client.getCurrentContext()).toMatchObject({
      type: 'ImagingStudy',
      study: { id: 's1' },
      patient: { id: 'p1' },
    });
  });

  it('of which nobody can tell the current one is none to follow', async () => {
    const other = {
      contextType: 'Patient',
      context: [{ key: 'patient', resource: { resourceType: 'Patient', id: 'p2' } }],
    };
    const hub = await startTellingHub(() => ({ status: 200, body: JSON.stringify([...told, other]) }));
    await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1' });
    const error = new Promise<FhircastError>((resolve) => client.on('error', resolve));
    client.on('Patient-open', () => {});
    await client.ready();
    expect(await error).toMatchObject({ code: 'anchor-contradiction', at: 'contexts' });
    expect(client.context.current).toBeNull();
    expect(client.syncStatus.state).toBe('behind');
  });
});

describe('what an answer is worth', () => {
  const object = { 'context.type': 'Patient', context: [patient] };
  const envelope = { timestamp: '2019-01-01T00:00:00Z', id: '1', event: { 'hub.topic': 't1', context: [patient] } };
  it.each([
    ['stu3', object, 'certain'],
    ['stu2', object, 'certain'],
    // A hub of which nothing is known is taken for STU3. It may be of STU2, and its word counts.
    ['stu3', [patient], 'likely'],
    ['stu2', [patient], 'certain'],
    ['stu3', [{ contextType: 'Patient', context: [patient] }], 'certain'],
    ['stu3', envelope, 'likely'],
    ['draft', envelope, 'certain'],
    // The sandbox hub of 2018 has one context for all sessions.
    ['draft', [patient], 'unlikely'],
  ] as const)('by %s: %j is %s', async (dialect, told, worth) => {
    const hub = await startTellingHub(() => ({ status: 200, body: JSON.stringify(told) }));
    const api = new HubApi({
      hubUrl: hub.url,
      topic: 't1',
      chooser: chooserOf(dialect),
      accessToken: () => undefined,
      record: () => {},
      timeoutMs: 2_000,
    });
    expect(await api.askContext(undefined)).toMatchObject({ worth, context: { type: 'Patient' } });
  });
});
