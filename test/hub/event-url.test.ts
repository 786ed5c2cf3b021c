import { describe, expect, it, vi } from 'vitest';
import { FhircastClient, type FhircastClientOptions, profiles } from '../../src/index.ts';
import { openField } from '../hubs/support.ts';
import { BRAM } from '../integration/world.ts';
import { confirming, isDiscovery, type PlainHub, startPlainHub, usual } from './plain-hub.ts';

/** A hub that answers events by their path, in turn. */
const startEventHub = (statuses: Readonly<Record<string, number>>, document?: object) =>
  startPlainHub((asked, hub) => {
    if (document && isDiscovery(asked)) return { status: 200, body: JSON.stringify(document) };
    if (!asked.headers['content-type']?.includes('json')) return usual(asked, hub);
    return { status: statuses[asked.path] ?? 500, body: asked.path };
  }, confirming('t1'));

const events = (hub: PlainHub) =>
  hub.asked
    .filter(({ headers }) => headers['content-type']?.includes('json'))
    .map(({ path, body }) => ({ path, id: (JSON.parse(body) as { id: string }).id }));

const changing = async (hub: PlainHub, times: number, options: Partial<FhircastClientOptions> = {}) => {
  await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1', ...options });
  const results = [];
  for (let i = 0; i < times; i++) results.push(await client.requestContextChange('Patient-open', { patient: BRAM }));
  return { results, learnt: client.hub.learnt };
};

describe('an event for a hub of which nothing is known', () => {
  it.each([400, 404, 405])(
    'goes to the bare hub with the same id when the session answers %s, and stays there',
    async (status) => {
      const hub = await startEventHub({ '/hub/t1': status, '/hub': 202 });
      const { results, learnt } = await changing(hub, 2);
      expect(results).toMatchObject([
        { accepted: true, status: 202 },
        { accepted: true, status: 202 },
      ]);
      const sent = events(hub);
      expect(sent.map(({ path }) => path)).toEqual(['/hub/t1', '/hub', '/hub']);
      expect(sent[0]?.id).toBe(sent[1]?.id);
      expect(sent[2]?.id).not.toBe(sent[1]?.id);
      expect(learnt).toEqual({ publishTo: 'hub' });
    },
  );

  it.each([401, 403, 409, 413, 422, 500, 501, 503, 504])(
    'is not sent twice when the session answers %s',
    async (status) => {
      const hub = await startEventHub({ '/hub/t1': status, '/hub': 202 });
      const { results } = await changing(hub, 1);
      expect(results).toMatchObject([{ accepted: false, status }]);
      expect(events(hub)).toHaveLength(1);
    },
  );

  it('is not sent twice when no answer came', async () => {
    const hub = await startPlainHub((asked, own, response) => {
      if (!asked.headers['content-type']?.includes('json')) return usual(asked, own);
      response.destroy();
      return undefined;
    });
    await expect(changing(hub, 1)).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(events(hub)).toHaveLength(1);
  });

  it('stays where it was taken: a refusal is one from then on', async () => {
    const statuses: Record<string, number> = { '/hub/t1': 200, '/hub': 202 };
    const hub = await startEventHub(statuses);
    await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1' });
    await client.requestContextChange('Patient-open', { patient: BRAM });
    statuses['/hub/t1'] = 400;
    expect(await client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ accepted: false });
    expect(events(hub).map(({ path }) => path)).toEqual(['/hub/t1', '/hub/t1']);
    expect(client.hub.learnt).toEqual({ publishTo: 'session' });
  });

  it.each([
    [400, 404, 400, '/hub/t1'],
    [404, 400, 400, '/hub'],
    [404, 409, 409, '/hub'],
    [405, 404, 404, '/hub'],
  ])('that nobody takes (%s, %s) is refused with %s', async (session, bare, status, reason) => {
    const hub = await startEventHub({ '/hub/t1': session, '/hub': bare });
    const { results, learnt } = await changing(hub, 1);
    expect(results).toMatchObject([{ accepted: false, status, reason }]);
    expect(events(hub)).toHaveLength(2);
    expect(learnt).toEqual({});
  });
});

describe('an event for a hub of which is known where it takes them', () => {
  it.each<[string, Partial<FhircastClientOptions>, string]>([
    ['its version', { dialect: 'stu2' }, '/hub'],
    ['its version', { dialect: 'stu3' }, '/hub'],
    ['a profile', { profile: profiles.publishToSession }, '/hub/t1'],
  ])('by %s is sent once (%o)', async (_, options, path) => {
    const hub = await startEventHub({ '/hub/t1': 404, '/hub': 404 });
    expect((await changing(hub, 1, options)).results).toMatchObject([{ accepted: false, status: 404 }]);
    expect(events(hub).map((event) => event.path)).toEqual([path]);
  });
});

it('nothing that is sent before anything is listened to ends a sandbox of 2024', async () => {
  const { hub, launchApp, seen } = await openField('js-sandbox-2024');
  const app = await launchApp();
  expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ accepted: true });
  expect(seen('publish')).toHaveLength(1);
  expect(hub.crashed).toBeUndefined();
});

it('a hub with a discovery document is no sandbox, whatever it confirms with', async () => {
  const hub = await startPlainHub(
    (asked, own) =>
      isDiscovery(asked)
        ? { status: 200, body: '{"fhircastVersion":"STU3","websocketSupport":true}' }
        : usual(asked, own),
    (socket) => socket.send('{"timestamp":"2024-01-01T00:00:00Z","bound":true}'),
  );
  await using client = new FhircastClient({ hubUrl: hub.url, topic: 't1' });
  client.on('Patient-open', () => {});
  await client.ready();
  await vi.waitFor(() => expect(client.hub.discovery).toBeDefined());
  expect(client.hub).toMatchObject({ dialect: 'stu3', dialectBy: 'discovery', learnt: {} });
  await client.requestContextChange('Patient-open', { patient: BRAM });
  expect(events(hub).map(({ path }) => path)).toEqual(['/hub']);
});
