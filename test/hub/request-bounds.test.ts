import { describe, expect, it, onTestFinished } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { FhircastClient, type FhircastClientOptions } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { Evidence } from '../integration/evidence.ts';
import { type Asked, confirming, isDiscovery, type PlainHub, startPlainHub, usual } from './plain-hub.ts';

const TOPIC = 'the-session';
const PATIENT = { patient: { resourceType: 'Patient' as const, id: 'p1' } };

function follow(hub: PlainHub, options: Partial<FhircastClientOptions> = {}) {
  const client = new FhircastClient({ hubUrl: hub.url, topic: TOPIC, ...options });
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  client.on('Patient-open', () => {});
  return { client, app: new App('Viewer', client, new Evidence()) };
}

/** A callback endpoint that no hub will call. */
const callback = () => createCallbackEndpoint({ baseUrl: 'http://127.0.0.1:9/fhircast' });

const isEvent = ({ body }: Asked): boolean => body.startsWith('{');
const eventsOf = (hub: PlainHub) => hub.subscriptions.map((fields) => fields.get('hub.events'));
const refused = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a hub that cannot make up its mind', () => {
  it('about the media type gets each event twice at most', async () => {
    let events = 0;
    const hub = await startPlainHub((asked, self) => {
      if (!isEvent(asked)) return usual(asked, self);
      return { status: events++ % 2 === 0 ? 415 : 202 };
    }, confirming(TOPIC));
    const { client } = follow(hub);
    await client.ready();
    for (let sent = 1; sent <= 5; sent++) {
      await client.requestContextChange('Patient-open', PATIENT);
      expect(hub.asked.filter(isEvent)).toHaveLength(2 * sent);
    }
  });

  it('and takes no media type gets each event twice at most', async () => {
    const hub = await startPlainHub(
      (asked, self) => (isEvent(asked) ? { status: 415 } : usual(asked, self)),
      confirming(TOPIC),
    );
    const { client } = follow(hub);
    await client.ready();
    expect(await client.requestContextChange('Patient-open', PATIENT)).toMatchObject({ accepted: false, status: 415 });
    expect(hub.asked.filter(isEvent)).toHaveLength(2);
    expect(client.hub.learnt).toEqual({});
  });

  it('about its version is subscribed to three times at most', async () => {
    // By its answers it is now the February 2020 ballot's and now not, and its document says each time another version.
    let documents = 0;
    let subscriptions = 0;
    const hub = await startPlainHub((asked, self) => {
      if (isDiscovery(asked)) return { status: 200, body: `{"fhircastVersion":"STU${(documents++ % 2) + 2}"}` };
      const answered = usual(asked, self);
      if (asked.method !== 'POST' || subscriptions++ % 2 === 1) return answered;
      return { status: 202, headers: { 'Content-Location': self.socketUrl } };
    }, confirming(TOPIC));
    const { client, app } = follow(hub);
    await app.until(() => client.hub.discovery !== undefined);
    await client.ready();
    for (const socket of hub.sockets) socket.terminate();
    await app.until(() => app.states.filter(({ state }) => state === 'active').length === 2);
    await client.ready();
    expect(eventsOf(hub).length).toBeLessThanOrEqual(3);
    expect(eventsOf(hub).at(-1)).toBe('patient-open,syncerror');
    expect(documents).toBe(1);
  });

  it('about where its websocket is gets one socket for each subscription', async () => {
    let endpoints = 0;
    const hub = await startPlainHub((asked, self) => {
      const answered = usual(asked, self);
      return asked.method === 'POST' && answered
        ? { ...answered, body: JSON.stringify({ 'hub.channel.endpoint': `${self.socketUrl}/${endpoints++}` }) }
        : answered;
    }, confirming(TOPIC));
    const { client } = follow(hub);
    await client.ready();
    client.on('Patient-close', () => {});
    await client.ready();
    expect([hub.subscriptions.length, hub.sockets.length]).toEqual([2, 2]);
  });
});

describe('a hub that refuses', () => {
  // What may be refused because of objections, which the app did not ask for, is asked for once more without them.
  it.each([
    [400, ['websocket', 'websocket', null, null], [null, null]],
    [422, ['websocket', 'websocket', null, null], [null, null]],
    [501, ['websocket', null], [null]],
  ])('everything with %s is asked by each channel, and for its document', async (status, first, again) => {
    const hub = await startPlainHub(() => ({ status }));
    const { client } = follow(hub, { callback: callback() });
    expect(await refused(client.ready())).toMatchObject({ status });
    expect(client.state).toBe('denied');
    expect(hub.subscriptions.map((fields) => fields.get('hub.channel.type'))).toEqual(first);
    expect(hub.asked).toHaveLength(first.length + 1);
    // What is asked for once more is asked for once more, and by what was found last.
    expect(await refused(client.ready())).toMatchObject({ status });
    expect(hub.subscriptions.map((fields) => fields.get('hub.channel.type'))).toEqual([...first, ...again]);
    expect(hub.asked).toHaveLength(first.length + again.length + 1);
  });

  it.each(['<script>', '<', ' '])('with a page that is hard to read is read at once: %j', async (filling) => {
    const body = `<!doctype html><p>No.</p>${filling.repeat(4_000_000 / filling.length)}`;
    const hub = await startPlainHub(() => ({ status: 403, body }));
    const { client } = follow(hub);
    const error = await refused(client.ready());
    expect(error).toMatchObject({ code: 'hub-unauthorized', hubText: expect.stringMatching(/^No\./) });
  });

  it('what its document calls for is asked as often', async () => {
    const hub = await startPlainHub((asked) =>
      isDiscovery(asked)
        ? { status: 200, body: '{"fhircastVersion":"STU2","websocketSupport":false,"webhookSupport":false}' }
        : { status: 400 },
    );
    const { client } = follow(hub, { callback: callback() });
    expect(await refused(client.ready())).toMatchObject({ status: 400 });
    expect(hub.subscriptions.map((fields) => fields.get('hub.channel.type'))).toEqual([
      'websocket',
      'websocket',
      'webhook',
      'webhook',
    ]);
    expect(hub.asked).toHaveLength(5);
  });

  it('an unsubscription is asked twice', async () => {
    const hub = await startPlainHub((asked, self) => {
      const isOver = new URLSearchParams(asked.body).get('hub.mode') === 'unsubscribe';
      return isOver ? { status: 400 } : usual(asked, self);
    }, confirming(TOPIC));
    const { client } = follow(hub);
    await client.ready();
    expect(await refused(client.unsubscribe())).toMatchObject({ status: 400 });
    expect(hub.asked.filter(({ body }) => body.includes('unsubscribe'))).toHaveLength(2);
  });
});

describe('a `fetch` that does not end when it is told to', () => {
  it.each<[string, () => Promise<Response>]>([
    ['before its answer', () => new Promise(() => {})],
    ['within its answer', async () => new Response(new ReadableStream())],
  ])('%s is given up after its time', async (_, fetch) => {
    const hub = await startPlainHub(usual);
    const { client } = follow(hub, { fetch, requestTimeoutMs: 20, reconnect: { attempts: 0 } });
    expect(await refused(client.ready())).toMatchObject({ code: 'hub-timeout' });
  });
});
