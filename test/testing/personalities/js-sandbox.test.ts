import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { TestHubOptions } from '../../../src/testing/index.ts';
import { openCallback, openSocket, patientContext, postEvent } from '../support.ts';
import { endpointOf, openPersonality, subscribeCallback, webhookFields, websocketFields } from './support.ts';

const BOTH = ['js-sandbox-2018', 'js-sandbox-2024'] as const;

type Opened = Awaited<ReturnType<typeof openPersonality>>;

const open2018 = (options?: TestHubOptions) => openPersonality('js-sandbox-2018', options);
const open2024 = (options?: TestHubOptions) => openPersonality('js-sandbox-2024', options);

/** Posts an event at the URL of the session. */
function post({ session }: Opened, name: string, { topic = session.id, ...more }: Record<string, string> = {}) {
  return postEvent(session.url, '', topic, name, { type: 'application/json', ...more });
}

/** Subscribes by websocket in the way of either hub, and opens a silent socket that is bound. */
async function connect(opened: Opened, events: string, more: Record<string, string> = {}) {
  const { hub, ask, session } = opened;
  const id = randomUUID();
  const own = { 'hub.channel.endpoint': id, 'hub.secret': 'a shared secret' };
  const response = await ask({ ...websocketFields(session, events), ...own, ...more });
  const told = hub.traits.endpointIn === 'json' ? await endpointOf(response) : bindUrl(opened, id);
  const socket = openSocket(told, { status: 'silent' });
  return { ...socket, endpoint: told, confirmation: await socket.inbox.next() };
}

/** Subscribes to a hub that drops who is not connected when its heart beats, again and again until there was time enough. */
async function connectBetweenBeats({ hub, ask, session }: Opened) {
  for (;;) {
    const since = hub.log.length;
    const dropped = hub.waitFor(({ kind }) => kind === 'ended' || kind === 'confirm', { since });
    const { inbox } = openSocket(await endpointOf(await ask(websocketFields(session, 'Patient-open'))), {
      status: 'silent',
    });
    if ((await dropped).kind === 'ended') continue;
    await inbox.next();
    return inbox;
  }
}

function bindUrl({ hub }: Opened, id: string): string {
  return `${new URL(hub.url).origin.replace('http', 'ws')}/bind/${id}`;
}

/** Resolves when nothing listens at the hub any more. */
const gone = (url: string) => expect(fetch(url)).rejects.toThrow();

describe.each(BOTH)('%s', (personality) => {
  const open = (options?: TestHubOptions) => openPersonality(personality, options);

  it('asks for no token, and knows any topic', async () => {
    const opened = await open();
    const response = await fetch(opened.hub.url, {
      method: 'POST',
      body: new URLSearchParams(websocketFields(opened.session, 'a')),
    });
    expect(response.status).toBe(202);
    const { 'hub.topic': _topic, ...rest } = websocketFields(opened.session, 'a');
    expect((await opened.ask(rest)).status).toBe(202);
  });

  it('treats any channel type as a websocket, webhook included', async () => {
    const opened = await open();
    const callback = await openCallback();
    const fields = webhookFields(opened.session.id, callback.url, 'Patient-open');
    const response = await opened.ask({ ...fields, 'hub.channel.type': 'webhook' });
    expect(response.status).toBe(202);
    expect(opened.session.subscriptions).toMatchObject([{ channel: 'websocket' }]);
    expect(callback.inbox.all).toEqual([]);
  });

  it('verifies inside the request, with nothing but the challenge and the topic', async () => {
    const opened = await open();
    const { response, verification } = await subscribeCallback(opened, 'Patient-open');
    expect(response.status).toBe(202);
    expect(Object.fromEntries(verification.query)).toEqual({
      'hub.challenge': 'a shared secret',
      'hub.topic': opened.session.id,
    });
    const kinds = opened.hub.log.map(({ kind }) => kind);
    expect(kinds.indexOf('verify')).toBeLessThan(kinds.indexOf('reply'));
  });

  it('takes the secret itself for the challenge', async () => {
    const opened = await open();
    const { verification } = await subscribeCallback(opened, 'Patient-open', { 'hub.secret': 'of mine' });
    expect(verification.query.get('hub.challenge')).toBe('of mine');
  });

  it('verifies the end of a webhook in the same way', async () => {
    const opened = await open();
    const { url, inbox } = await subscribeCallback(opened, 'Patient-open');
    await opened.ask({ ...webhookFields(opened.session.id, url, 'Patient-open'), 'hub.mode': 'unsubscribe' });
    expect([...(await inbox.next()).query.keys()]).toEqual(['hub.challenge', 'hub.topic']);
  });

  it.each([
    ['204', { consent: 204 }],
    ['201', { consent: 201 }],
    ['a newline behind the challenge', { challenge: (sent: string) => `${sent}\n` }],
    ['JSON around the challenge', { challenge: (sent: string) => JSON.stringify({ challenge: sent }) }],
  ])('accepts status 200 and the challenge alone: not %s', async (_what, settings) => {
    const { ask, session } = await open();
    const { url } = await openCallback(settings);
    const response = await ask(webhookFields(session.id, url, 'Patient-open'));
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error']);
    expect(session.subscriptions).toEqual([]);
  });

  it('crashes when the first callback ever cannot be verified', async () => {
    const { hub, ask, session } = await open();
    const { url } = await openCallback({ consent: 404 });
    await expect(ask(webhookFields(session.id, url, 'Patient-open'))).rejects.toThrow();
    expect(hub.crashed).toBe('a callback that could not be verified');
  });

  it('adds a repeated subscription: events arrive twice', async () => {
    const opened = await open();
    const { url, inbox } = await subscribeCallback(opened, 'Patient-open');
    await opened.ask(webhookFields(opened.session.id, url, 'Patient-open'));
    await inbox.next();
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    const bodies = [await inbox.next(), await inbox.next()].map(({ body }) => JSON.parse(body.toString()) as unknown);
    expect(bodies).toMatchObject([{ id: 'e1' }, { id: 'e1' }]);
  });

  it('accepts a subscription without events, and then tells nobody after it anything', async () => {
    const opened = await open();
    const before = await connect(opened, 'Patient-open');
    const { 'hub.events': _events, ...rest } = websocketFields(opened.session, '');
    expect((await opened.ask(rest)).status).toBe(202);
    const after = await connect(opened, 'Patient-open');
    expect((await post(opened, 'Patient-open')).status).toBe(200);
    await before.inbox.next();
    opened.hub.restart({ memory: false });
    await after.closed;
    expect(after.inbox.all).toHaveLength(1);
  });

  it('crashes when an event is posted at the bare hub', async () => {
    const { hub, session } = await open();
    const posted = postEvent(hub.url, '', session.id, 'Patient-open', { type: 'application/json' });
    await expect(posted).rejects.toThrow();
    expect(hub.crashed).toBe('a callback that could not be verified');
    await gone(hub.url);
  });

  it('cuts every socket when it crashes, and sends nothing more', async () => {
    const opened = await open();
    const { closed } = await connect(opened, 'Patient-open');
    await expect(postEvent(opened.hub.url, '', 'a', 'b', { type: 'application/json' })).rejects.toThrow();
    expect(await closed).toBe(1006);
    expect((await opened.session.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect(opened.hub.log.filter(({ kind }) => kind === 'crash')).toHaveLength(1);
  });

  it('crashes when a callback breaks off in place of an answer', async () => {
    const opened = await open();
    const { settings } = await subscribeCallback(opened, 'Patient-open');
    settings.reset = true;
    await opened.session.publish('Patient-open', patientContext());
    expect(opened.hub.crashed).toBe('a callback that gave no answer');
    await gone(opened.hub.url);
  });

  it('ignores the status of callbacks, and never sends again', async () => {
    const opened = await open();
    const { inbox, settings } = await subscribeCallback(opened, 'Patient-open,Patient-close,syncerror');
    for (const status of [500, 410]) {
      settings.status = status;
      await opened.session.publish('Patient-open', patientContext());
    }
    settings.status = 200;
    await opened.session.publish('Patient-close', patientContext());
    expect(inbox.all.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'POST']);
  });

  it('signs the exact bytes, which are the message of the sender written once more', async () => {
    const opened = await open();
    const { inbox } = await subscribeCallback(opened, 'Patient-open');
    const text = `{ "id":"e1",  "extra": "ä", "event": {"hub.topic":"${opened.session.id}", "hub.event":"Patient-open"} }`;
    await fetch(opened.session.url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text });
    const { body, headers } = await inbox.next();
    expect(body.toString()).toBe(JSON.stringify(JSON.parse(text)));
    const digest = createHmac('sha256', 'a shared secret').update(body).digest('hex');
    expect(headers['x-hub-signature']).toBe(`sha256=${digest}`);
  });

  it('drops an event sent as application/fhir+json, and still says 200', async () => {
    const opened = await open();
    const { inbox } = await connect(opened, 'Patient-open');
    const dropped = await post(opened, 'Patient-open', { id: 'e1', type: 'application/fhir+json' });
    expect([dropped.status, await dropped.text()]).toEqual([200, 'OK']);
    await post(opened, 'Patient-open', { id: 'e2' });
    expect((await inbox.next()).id).toBe('e2');
  });

  it('says 200 to whatever is posted at the URL of a session', async () => {
    const opened = await open();
    const answers = ['{}', '{"event":{}}', '[]'].map((body) =>
      fetch(opened.session.url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }),
    );
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('refuses more than 100 kB with 413 and HTML', async () => {
    const opened = await open();
    const response = await fetch(opened.session.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ filler: 'x'.repeat(100 * 1024) }),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('<pre>');
  });

  it('accepts a socket on an endpoint that nobody knows, and stays silent', async () => {
    const opened = await open();
    const { socket, inbox } = openSocket(bindUrl(opened, 'unknown'), { status: 'silent' });
    await once(socket, 'open');
    const known = await connect(opened, 'Patient-open');
    await post(opened, 'Patient-open');
    await known.inbox.next();
    expect(inbox.all).toEqual([]);
  });

  it('replays nothing after a confirmation', async () => {
    const opened = await open();
    await opened.session.publish('Patient-open', patientContext(), { id: 'before' });
    const { inbox } = await connect(opened, 'Patient-open');
    await opened.session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });

  it('sends names as they were published, whatever they were subscribed as', async () => {
    const opened = await open();
    const { inbox } = await connect(opened, 'open-patient-chart,Patient-open');
    await opened.session.publish('open-patient-chart', patientContext());
    await opened.session.publish('Patient-open', patientContext());
    const names = [await inbox.next(), await inbox.next()].map(({ event }) => event?.['hub.event']);
    expect(names).toEqual(['open-patient-chart', 'Patient-open']);
  });

  it('tells a Patient-open to whoever subscribed to a longer name', async () => {
    const opened = await open();
    const { inbox } = await connect(opened, 'Patient-opened');
    await opened.session.publish('Patient-open', patientContext());
    expect((await inbox.next()).event).toMatchObject({ 'hub.event': 'Patient-open' });
  });

  it('sends on the events that come as frames', async () => {
    const opened = await open();
    const { inbox, socket } = await connect(opened, 'Patient-open');
    const event = { 'hub.topic': opened.session.id, 'hub.event': 'Patient-open', context: [] };
    socket.send(JSON.stringify({ id: 'by-frame', event }));
    expect((await inbox.next()).id).toBe('by-frame');
  });

  it('ends no lease, and tells no denial', async () => {
    const opened = await open();
    const { inbox } = await connect(opened, 'Patient-open');
    opened.session.expireLeases();
    expect(opened.session.subscriptions).toHaveLength(1);
    await opened.session.deny();
    expect(opened.session.subscriptions).toEqual([]);
    expect(inbox.all).toHaveLength(1);
  });

  it('has no discovery document: a 404 with HTML', async () => {
    const { hub } = await open();
    const response = await fetch(`${hub.url}.well-known/fhircast-configuration`);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('lets caches keep the current context', async () => {
    const opened = await open();
    await opened.session.publish('Patient-open', patientContext());
    const { headers } = await opened.context();
    expect(headers.get('cache-control')).toBeNull();
    expect(headers.get('etag')).toMatch(/^W\/"/);
  });

  it('takes hub and hub/ for the same, and does not find hub//topic', async () => {
    const { hub, session } = await open();
    const bare = hub.url.replace(/\/$/, '');
    const body = new URLSearchParams(websocketFields(session, 'a'));
    expect((await fetch(bare, { method: 'POST', body })).status).toBe(202);
    expect((await fetch(`${bare}/`, { method: 'POST', body })).status).toBe(202);
    expect((await fetch(`${bare}//${session.id}`)).status).toBe(404);
  });

  it('exposes no Content-Location to pages', async () => {
    const { headers } = await (await open()).context();
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toBeNull();
  });
});

describe('js-sandbox-2018', () => {
  it('binds the endpoint that the app made up, and answers with the text Accepted', async () => {
    const opened = await open2018();
    const response = await opened.ask({
      ...websocketFields(opened.session, 'Patient-open'),
      'hub.channel.endpoint': 'of-mine',
      'hub.secret': 's',
    });
    expect([response.status, await response.text()]).toEqual([202, 'Accepted']);
    expect(await openSocket(bindUrl(opened, 'of-mine'), { status: 'silent' }).inbox.next()).toEqual({
      timestamp: expect.any(String),
      bound: 'of-mine',
    });
  });

  it('tells nothing to a websocket without a secret, nor to anybody after it', async () => {
    const opened = await open2018();
    const { 'hub.secret': _secret, ...rest } = { 'hub.secret': '', ...websocketFields(opened.session, 'Patient-open') };
    await opened.ask({ ...rest, 'hub.channel.endpoint': 'bare' });
    const bare = openSocket(bindUrl(opened, 'bare'), { status: 'silent' });
    await bare.inbox.next();
    const after = await connect(opened, 'Patient-open');
    expect((await post(opened, 'Patient-open')).status).toBe(200);
    opened.hub.restart({ memory: false });
    await Promise.all([bare.closed, after.closed]);
    expect([bare.inbox.all.length, after.inbox.all.length]).toEqual([1, 1]);
  });

  it('takes a 404 for consent after one verification has succeeded', async () => {
    const opened = await open2018();
    await subscribeCallback(opened, 'Patient-open');
    const { url, inbox } = await openCallback({ consent: 404 });
    const response = await opened.ask(webhookFields(opened.session.id, url, 'Patient-open'));
    expect(response.status).toBe(202);
    await inbox.next();
    await opened.session.publish('Patient-open', patientContext());
    expect((await inbox.next()).method).toBe('POST');
  });

  it.each([
    ['an acknowledgement', '{"id":"e1","status":"200"}'],
    ['text', 'hello'],
    ['null', 'null'],
  ])('crashes at a frame that is no event: %s', async (_what, frame) => {
    const opened = await open2018();
    const { socket, closed } = await connect(opened, 'Patient-open');
    socket.send(frame);
    expect(await closed).toBe(1006);
    expect(opened.hub.crashed).toBe('a frame that is no event');
    await gone(opened.hub.url);
    await expect(once(new WebSocket(bindUrl(opened, 'later')), 'open')).rejects.toThrow();
  });

  it('crashes at an event by frame that it stumbles over', async () => {
    const opened = await open2018();
    const { socket, closed } = await connect(opened, 'Patient-close');
    await opened.ask({ ...websocketFields(opened.session, 'Patient-open'), 'hub.secret': 's' });
    socket.send(JSON.stringify({ event: { 'hub.event': 'Patient-open' } }));
    expect(await closed).toBe(1006);
    expect(opened.hub.crashed).toBe('a subscription without a socket');
  });

  it('binds and confirms a socket that comes back to its URL', async () => {
    const opened = await open2018();
    const { socket, endpoint } = await connect(opened, 'Patient-open');
    socket.close(1000);
    await opened.hub.waitFor(({ kind }) => kind === 'disconnect');
    const again = openSocket(endpoint, { status: 'silent' });
    expect(await again.inbox.next()).toHaveProperty('bound');
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect((await again.inbox.next()).id).toBe('e1');
  });

  it('keeps no sessions apart: events of every topic go to every subscriber', async () => {
    const opened = await open2018();
    const { inbox } = await connect(opened, 'Patient-open');
    const other = opened.hub.openSession();
    await other.publish('Patient-open', patientContext(), { id: 'elsewhere' });
    expect(await inbox.next()).toMatchObject({ id: 'elsewhere', event: { 'hub.topic': other.url } });
  });

  it('matches names with case', async () => {
    const opened = await open2018();
    const { inbox } = await connect(opened, 'patient-open,Patient-close');
    await opened.session.publish('Patient-open', patientContext());
    await opened.session.publish('Patient-close', patientContext());
    expect((await inbox.next()).event).toMatchObject({ 'hub.event': 'Patient-close' });
  });

  it('tells one context for all topics: an object before, then a bare array, kept after a close', async () => {
    const opened = await open2018();
    const other = opened.hub.openSession();
    const context = async () => (await fetch(other.url)).json();
    expect(await context()).toEqual({});
    await opened.session.publish('Patient-open', patientContext());
    expect(await context()).toEqual(patientContext());
    await opened.session.publish('Patient-close', patientContext('p2'));
    expect(await context()).toEqual(patientContext('p2'));
  });

  it('ends all of the same topic or the same events when one leaves, and leaves the sockets open', async () => {
    const opened = await open2018();
    const [first, second, third] = [
      await connect(opened, 'Patient-open'),
      await connect(opened, 'Patient-close'),
      await connect(opened, 'Patient-open', { 'hub.topic': 'another' }),
    ];
    const stays = await connect(opened, 'Patient-open,x', { 'hub.topic': 'another' });
    const leave = { ...websocketFields(opened.session, 'Patient-open'), 'hub.mode': 'unsubscribe' };
    const response = await opened.ask(leave);
    expect([response.status, await response.text()]).toEqual([202, 'Accepted']);
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect((await stays.inbox.next()).id).toBe('e1');
    for (const { socket, inbox } of [first, second, third]) {
      expect([socket.readyState, inbox.all.length]).toEqual([WebSocket.OPEN, 1]);
    }
  });

  it('does not let pages send Authorization', async () => {
    const { hub } = await open2018();
    const { headers } = await fetch(hub.url, { method: 'OPTIONS' });
    expect(headers.get('access-control-allow-headers')).not.toMatch(/authorization/i);
  });
});

describe('js-sandbox-2024', () => {
  it('names localhost as the host of the endpoint, as its own configuration does', async () => {
    const { ask, session } = await open2024();
    const endpoint = await endpointOf(await ask(websocketFields(session, 'Patient-open')));
    expect(endpoint).toMatch(/^ws:\/\/localhost:\d+\/bind\/\w+$/);
  });

  it('confirms with a time, the bound endpoint, the mode and a lease: no topic, no events', async () => {
    const { confirmation, endpoint } = await connect(await open2024(), 'Patient-open');
    expect(confirmation).toEqual({
      timestamp: expect.any(String),
      bound: endpoint.split('/').at(-1),
      'hub.mode': 'subscribe',
      'hub.lease_seconds': 7200,
    });
  });

  it('sends a heartbeat with a constant id and without a context, every 15 seconds', async () => {
    const opened = await open2024({ heartbeatSeconds: 0.1 });
    const inbox = await connectBetweenBeats(opened);
    for (const beat of [await inbox.next(), await inbox.next()]) {
      expect(beat).toEqual({
        timestamp: expect.any(String),
        id: 'JS SANDBOX',
        event: { 'hub.topic': opened.session.id, 'hub.event': 'heartbeat' },
      });
    }
    expect((await open2024()).hub.traits.heartbeat?.seconds).toBe(15);
  });

  it('drops a subscription that has no socket when the heartbeat comes', async () => {
    const opened = await open2024({ heartbeatSeconds: 0.1 });
    const endpoint = await endpointOf(await opened.ask(websocketFields(opened.session, 'Patient-open')));
    await opened.hub.waitFor(({ kind }) => kind === 'ended');
    expect(opened.session.subscriptions).toEqual([]);
    const { socket, inbox } = openSocket(endpoint, { status: 'silent' });
    await once(socket, 'open');
    await (await connectBetweenBeats(opened)).next();
    expect(inbox.all).toEqual([]);
  });

  it('drops a subscription whose socket is gone when an event comes', async () => {
    const opened = await open2024();
    const { socket } = await connect(opened, 'Patient-open');
    socket.terminate();
    await opened.hub.waitFor(({ kind }) => kind === 'disconnect');
    expect(opened.session.subscriptions).toHaveLength(1);
    await opened.session.publish('Patient-open', patientContext());
    expect(opened.session.subscriptions).toEqual([]);
  });

  it('ignores frames that are no events', async () => {
    const opened = await open2024();
    const { socket, inbox } = await connect(opened, 'Patient-open');
    socket.send('{"id":"e1","status":"200"}');
    await opened.hub.waitFor(({ kind }) => kind === 'malformed');
    await opened.session.publish('Patient-open', patientContext(), { id: 'e2' });
    expect((await inbox.next()).id).toBe('e2');
    expect(opened.hub.crashed).toBeUndefined();
  });

  it('closes every socket of the same name or the same endpoint when one leaves, without a status', async () => {
    const opened = await open2024();
    const named = await connect(opened, 'Patient-open', { 'subscriber.name': 'Twin' });
    const twin = await connect(opened, 'Patient-close', { 'subscriber.name': 'Twin' });
    const pointed = await connect(opened, 'Patient-open', { 'subscriber.name': 'Other' });
    const stays = await connect(opened, 'Patient-open', { 'subscriber.name': 'Third' });
    await opened.ask({
      ...websocketFields(opened.session, 'Patient-open'),
      'hub.mode': 'unsubscribe',
      'subscriber.name': 'Twin',
      'hub.channel.endpoint': pointed.endpoint,
    });
    expect(await Promise.all([named.closed, twin.closed, pointed.closed])).toEqual([1005, 1005, 1005]);
    expect(named.inbox.all).toHaveLength(1);
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect((await stays.inbox.next()).id).toBe('e1');
  });

  it('takes two without a name for the same', async () => {
    const opened = await open2024();
    const [one, other] = [await connect(opened, 'Patient-open'), await connect(opened, 'Patient-close')];
    await opened.ask({
      ...websocketFields(opened.session, 'Patient-open'),
      'hub.mode': 'unsubscribe',
      'hub.channel.endpoint': one.endpoint,
    });
    expect(await Promise.all([one.closed, other.closed])).toEqual([1005, 1005]);
  });

  it('never takes a webhook off its list', async () => {
    const opened = await open2024();
    const { url, inbox } = await subscribeCallback(opened, 'Patient-open');
    await opened.ask({ ...webhookFields(opened.session.id, url, 'Patient-open'), 'hub.mode': 'unsubscribe' });
    await inbox.next();
    await opened.session.publish('Patient-open', patientContext());
    expect((await inbox.next()).method).toBe('POST');
  });

  it('lets a socket open that comes back to its URL, and stays silent for ever', async () => {
    const opened = await open2024();
    const { socket, endpoint } = await connect(opened, 'Patient-open');
    socket.close(1000);
    await opened.hub.waitFor(({ kind }) => kind === 'disconnect');
    const again = openSocket(endpoint, { status: 'silent' });
    await once(again.socket, 'open');
    const other = await connect(opened, 'Patient-open');
    await opened.session.publish('Patient-open', patientContext());
    await other.inbox.next();
    expect(again.inbox.all).toEqual([]);
  });

  it('brings events of another topic, and of names not subscribed to, by a conference', async () => {
    const opened = await open2024();
    const host = opened.hub.openSession();
    const { inbox } = await connect(opened, 'Patient-close');
    const { origin } = new URL(opened.hub.url);
    const talk = (method: string) =>
      fetch(`${origin}/conference`, {
        method,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ user: host.id, title: 'Tumor board', topics: [opened.session.id] }),
      });
    expect((await talk('POST')).status).toBe(200);
    await host.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(await inbox.next()).toMatchObject({ id: 'e1', event: { 'hub.topic': host.id } });
    await talk('DELETE');
    await host.publish('Patient-open', patientContext(), { id: 'e2' });
    await opened.session.publish('Patient-close', patientContext(), { id: 'e3' });
    expect((await inbox.next()).id).toBe('e3');
  });

  it('keeps topics apart by their very text', async () => {
    const opened = await open2024();
    const { inbox } = await connect(opened, 'Patient-open');
    await opened.hub.openSession().publish('Patient-open', patientContext());
    await post(opened, 'Patient-open', { id: 'e1', topic: opened.session.url });
    await post(opened, 'Patient-open', { id: 'e2' });
    expect((await inbox.next()).id).toBe('e2');
  });

  it('matches names without case', async () => {
    const opened = await open2024();
    const { inbox } = await connect(opened, 'PATIENT-OPEN');
    await opened.session.publish('patient-open', patientContext(), { id: 'e1' });
    expect((await inbox.next()).id).toBe('e1');
  });

  it('tells an empty body before, then a bare array, and an object after a close', async () => {
    const { session, context } = await open2024();
    expect([(await context()).status, await (await context()).text()]).toEqual([200, '']);
    await session.publish('Patient-open', patientContext());
    expect(await (await context()).json()).toEqual(patientContext());
    await session.publish('SyncError', [{ key: 'operationoutcome', resource: {} }]);
    expect(await (await context()).json()).toEqual([{ key: 'operationoutcome', resource: {} }]);
    await session.publish('Patient-close', patientContext());
    expect(await (await context()).json()).toEqual({});
  });

  it('lets pages send Authorization', async () => {
    const { hub } = await open2024();
    const { headers } = await fetch(hub.url, { method: 'OPTIONS' });
    expect(headers.get('access-control-allow-headers')).toContain('Authorization');
  });
});
