import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FhircastClient, type FhircastClientOptions } from '../../src/index.ts';
import { hubOfFhirServer } from '../../src/launch/index.ts';
import { App } from '../integration/app.ts';
import { Evidence } from '../integration/evidence.ts';
import { type Answered, confirming, isDiscovery, type PlainHub, startPlainHub, usual } from './plain-hub.ts';

const TOPIC = 'the-session';
const TOKEN = 'the-token-for-the-hub';

/** A hub that answers for its discovery document as told, and otherwise as usual. */
const hubSaying = (say: (response: ServerResponse, hub: PlainHub) => Answered) =>
  startPlainHub(
    (asked, hub, response) => (isDiscovery(asked) ? say(response, hub) : usual(asked, hub)),
    confirming(TOPIC),
  );

const document = (said: unknown): Answered => ({ status: 200, body: JSON.stringify(said) });

function follow(hub: PlainHub, options: Partial<FhircastClientOptions> = {}) {
  const client = new FhircastClient({ hubUrl: hub.url, topic: TOPIC, accessToken: TOKEN, ...options });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  const app = new App('Viewer', client, new Evidence());
  client.on('Patient-open', () => {});
  return { app, client };
}

const documentsAskedOf = (hub: PlainHub) => hub.asked.filter(isDiscovery);
const eventsOf = (hub: PlainHub) => hub.subscriptions.map((fields) => fields.get('hub.events'));

/** Resolves when the client has heard what the hub says of itself, or that it says nothing. */
const heard = (app: App) =>
  app.until(() => app.records.some(({ kind, direction }) => kind === 'discovery' && direction === 'in'));

/** More than any hub says, in valid JSON. */
const filler = (characters: number) => ' '.repeat(characters);

describe('what is no document of a hub', () => {
  it.each<[string, string]>([
    ['HTML', '<!doctype html><title>Not found</title>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '["patient-open"]'],
    ['a text', '"STU2"'],
    ['deep beyond measure', '['.repeat(100_000)],
    ['10 MB', `{"fhircastVersion":"STU2"${filler(10_000_000)}}`],
    ['a version of 1 MB', JSON.stringify({ fhircastVersion: `STU2${'2'.repeat(1_000_000)}` })],
    ['a million events', JSON.stringify({ eventsSupported: Array(1_000_000).fill('patient-open') })],
    ['of other types', '{"fhircastVersion":2,"eventsSupported":{"0":"patient-open"},"websocketSupport":"false"}'],
    ['with members of prototypes', '{"__proto__":{"fhircastVersion":"STU2","websocketSupport":false}}'],
  ])('changes nothing: %s', async (_, body) => {
    const hub = await hubSaying(() => ({ status: 200, body }));
    const { app, client } = follow(hub);
    await client.ready();
    await heard(app);
    await client.ready();
    await client.unsubscribe();
    expect(client.hub).toMatchObject({ dialect: 'stu3', dialectBy: 'default', channelBy: 'default' });
    expect(eventsOf(hub)).toEqual(['Patient-open,SyncError']);
    expect(app.errors).toEqual([]);
  });
});

describe('a document that lists what cannot be meant', () => {
  it('leads to one subscription to each spelling, and to no other event', async () => {
    const eventsSupported = [
      ...Array(500).fill('patient-open'),
      'patient-open,patient-close',
      'patient-open\n',
      '*',
      '',
      7,
      null,
      ['patient-open'],
      'PATIENT-OPEN',
    ];
    const hub = await hubSaying(() => document({ eventsSupported }));
    const { client } = follow(hub);
    await hub.until(() => hub.subscriptions.length === 2);
    await client.ready();
    expect(eventsOf(hub)).toEqual(['Patient-open,SyncError', 'patient-open,PATIENT-OPEN,SyncError']);
    expect(client.hub.discovery?.eventsSupported).toHaveLength(6);
  });

  it('is looked at so far and no further', async () => {
    const eventsSupported = [...Array.from({ length: 1_000 }, (_, i) => `x.${i}`), 'patient-open'];
    const hub = await hubSaying(() => document({ eventsSupported }));
    const { app, client } = follow(hub);
    await heard(app);
    await vi.waitFor(() => expect(client.hub.discovery?.eventsSupported).toHaveLength(1_000));
    await client.ready();
    expect(eventsOf(hub)).toEqual(['Patient-open,SyncError']);
  });
});

describe('the request for the document', () => {
  it.each([301, 302, 303, 307, 308])(
    'is not sent on to where a redirect with %s points, nor the token',
    async (status) => {
      const thief = await startPlainHub(() => document({ fhircastVersion: 'STU1' }));
      const hub = await hubSaying(() => ({ status, headers: { Location: `${thief.url}/.well-known/x` } }));
      const { client } = follow(hub);
      await client.ready();
      await hub.until(() => documentsAskedOf(hub).length > 0);
      await client.unsubscribe();
      expect(thief.asked).toEqual([]);
      expect(documentsAskedOf(hub).map(({ headers }) => headers.authorization)).toEqual([undefined]);
      expect(client.hub.dialectBy).toBe('default');
    },
  );

  it('goes no round when a redirect points to itself', async () => {
    const hub = await hubSaying((_, { url }) => ({
      status: 307,
      headers: { Location: `${url}/.well-known/fhircast-configuration` },
    }));
    const { client } = follow(hub);
    await client.ready();
    await hub.until(() => documentsAskedOf(hub).length > 0);
    await client.unsubscribe();
    expect(documentsAskedOf(hub)).toHaveLength(1);
  });

  it('delays nothing while it is not answered, and ends with the client', async () => {
    const waiting: ServerResponse[] = [];
    const hub = await hubSaying((response) => {
      waiting.push(response);
      return undefined;
    });
    const { client } = follow(hub, { requestTimeoutMs: 60_000 });
    await client.ready();
    await hub.until(() => waiting.length > 0);
    expect(client.state).toBe('active');
    const gone = new Promise((resolve) => waiting[0]?.on('close', resolve));
    await client.unsubscribe();
    await gone;
  });

  it('ends after its time when the answer does not, and the subscription is as it was', async () => {
    const dripping = new Set<ReturnType<typeof setInterval>>();
    let over: (() => void) | undefined;
    const given = new Promise<void>((resolve) => (over = resolve));
    const hub = await hubSaying((response) => {
      response.writeHead(200).write('{');
      const drip = setInterval(() => response.write(' '), 5);
      dripping.add(drip);
      response.on('close', () => {
        clearInterval(drip);
        dripping.delete(drip);
        over?.();
      });
      return undefined;
    });
    const { app, client } = follow(hub, { requestTimeoutMs: 500 });
    await client.ready();
    await given;
    expect(dripping.size).toBe(0);
    expect(client.state).toBe('active');
    expect(app.errors).toEqual([]);
    expect(documentsAskedOf(hub)).toHaveLength(1);
  });
});

describe('an answer without end', () => {
  const endless = () =>
    startPlainHub((_, __, response) => {
      const fill = () => {
        while (response.write(' '.repeat(256 * 1024)));
      };
      response.on('drain', fill);
      fill();
      return undefined;
    });

  it('is no document', async () => {
    const hub = await endless();
    expect(await FhircastClient.discover(hub.url, { requestTimeoutMs: 60_000 })).toBeUndefined();
  });

  it('is no CapabilityStatement', async () => {
    const server = await endless();
    const found = hubOfFhirServer(server.url, { requestTimeoutMs: 60_000 });
    await expect(found).rejects.toMatchObject({ code: 'hub-answer-too-large' });
  });
});

describe('what is remembered of a hub', () => {
  const saying = (fhircastVersion: string) => hubSaying(() => document({ fhircastVersion }));
  /** A client that has heard the document, and knows it for others. */
  const learn = async (hub: PlainHub, options: Partial<FhircastClientOptions> = {}) => {
    const { app, client } = follow(hub, options);
    await app.until(() => client.hub.discovery !== undefined);
    return client;
  };

  it('is of its URL alone, to the letter', async () => {
    const hub = await saying('STU2');
    await learn(hub);
    expect(follow(hub).client.hub.dialectBy).toBe('discovery');
    const { port } = new URL(hub.url);
    for (const hubUrl of [
      `${hub.url}/`,
      `${hub.url}?tenant=7`,
      `${hub.url}/7`,
      `${hub.url}#7`,
      hub.url.toUpperCase().replace('HTTP', 'http'),
      `http://localhost:${port}/hub`,
    ]) {
      const client = new FhircastClient({ hubUrl, topic: TOPIC });
      expect(client.hub.dialectBy).toBe('default');
    }
  });

  it('is not what a `fetch` of an app’s own has brought, nor for one', async () => {
    const hub = await saying('STU2');
    const elsewhere: FhircastClientOptions['fetch'] = async (url, init) =>
      url.includes('.well-known') ? Response.json({ fhircastVersion: 'STU1' }) : fetch(url, init);
    await learn(hub, { fetch: elsewhere });
    expect(follow(hub).client.hub.dialectBy).toBe('default');
    await learn(hub);
    expect(follow(hub).client.hub).toMatchObject({ dialect: 'stu2', dialectBy: 'discovery' });
    expect((await learn(hub, { fetch: elsewhere })).hub).toMatchObject({ dialect: 'stu1' });
  });

  it('cannot be changed by who reads it', async () => {
    const hub = await hubSaying(() => document({ fhircastVersion: 'STU2', eventsSupported: ['patient-open'] }));
    const { discovery } = (await learn(hub)).hub;
    expect(() => Object.assign(discovery ?? {}, { fhircastVersion: 'STU1' })).toThrow(TypeError);
    const events = discovery?.eventsSupported as string[];
    expect(() => events.push('Patient-open')).toThrow(TypeError);
    expect(follow(hub).client.hub.discovery).toEqual(discovery);
  });

  it('is not of a hub that says nothing', async () => {
    const hub = await startPlainHub(usual, confirming(TOPIC));
    for (const { app, client } of [follow(hub), follow(hub)]) {
      await client.ready();
      await heard(app);
    }
    expect(documentsAskedOf(hub)).toHaveLength(2);
  });
});
