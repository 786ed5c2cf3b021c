import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { FhircastClient, profiles } from '../../src/index.ts';
import { ADA, BRAM, patientContext } from '../integration/world.ts';
import { postForm } from '../testing/support.ts';
import { MEDPLUM, openField, SANDBOXES } from './support.ts';

const S18_SOCKET = { profile: profiles.jsSandbox2018, channel: 'websocket' } as const;

/** What makes a sandbox hub deliver by websocket: a profile for S18, and nothing for S24. */
const BY_SOCKET = [
  ['js-sandbox-2018', S18_SOCKET],
  ['js-sandbox-2024', {}],
] as const;

/** A heartbeat as a hub sends it. */
const heartbeat = (topic: string | undefined, facts: { id: string; context?: unknown }) =>
  JSON.stringify({
    timestamp: new Date().toISOString(),
    id: facts.id,
    event: { 'hub.topic': topic, 'hub.event': 'heartbeat', ...(facts.context ? { context: facts.context } : {}) },
  });

describe('S18 confirms with {timestamp, bound}, S24 adds the mode and 7200 seconds: no topic, no events', () => {
  it.each([
    ['js-sandbox-2018', S18_SOCKET, undefined, ['Patient-open']],
    // Where the version has objections, they are asked for too.
    ['js-sandbox-2024', {}, 7200, ['Patient-open', 'SyncError']],
  ] as const)('which is filled in from the request (%s)', async (personality, options, leaseSeconds, events) => {
    const { followApp, seen } = await openField(personality);
    const app = await followApp(options);
    expect(JSON.parse(seen('confirm')[0]?.body ?? '')).toHaveProperty('bound');
    expect(app.subscribed).toEqual([{ channel: 'websocket', requested: events, granted: events, leaseSeconds }]);
    expect([app.errors, app.warnings]).toEqual([[], []]);
  });
});

describe('MP: confirms with extra empty fields', () => {
  it.each(MEDPLUM)('of which an empty hub.events means as asked (%s)', async (personality) => {
    const { followApp, seen } = await openField(personality);
    const app = await followApp();
    expect(JSON.parse(seen('confirm')[0]?.body ?? '')).toMatchObject({ 'hub.events': '', 'hub.callback': '' });
    expect(app.subscribed.at(-1)).toMatchObject({ granted: ['Patient-open', 'SyncError'], leaseSeconds: 3600 });
  });
});

describe('some: confirm in the same packet as the 101', () => {
  it('which is heard', async () => {
    const sockets = new WebSocketServer({ noServer: true });
    const server = createServer((request, response) => {
      const endpoint = `ws://${request.headers.host}/socket`;
      const isSubscription = request.method === 'POST';
      response.writeHead(isSubscription ? 202 : 404, { 'Content-Type': 'application/json' });
      response.end(isSubscription ? JSON.stringify({ 'hub.channel.endpoint': endpoint }) : '');
    });
    server.on('upgrade', (request, socket, head) => {
      socket.cork();
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.send(JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': 'a', 'hub.events': 'Patient-open' }));
        socket.uncork();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new FhircastClient({ hubUrl: `http://127.0.0.1:${port}/hub`, topic: 'a' });
    onTestFinished(async () => {
      await client.unsubscribe().catch(() => {});
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    });
    client.on('Patient-open', () => undefined);
    await client.ready();
    expect(client.state).toBe('active');
  });
});

describe('some: never confirm', () => {
  it('so the wait is bounded, and then it is an error', async () => {
    const { launchApp, failure } = await openField('silent-confirmation');
    const app = await launchApp({
      listener: () => undefined,
      confirmationTimeoutMs: 50,
      reconnect: { firstMs: 60_000 },
    });
    expect(await failure(app.client.ready())).toMatchObject({ code: 'confirmation-timeout', retryable: true });
  });

  it('and where the profile says so, an open socket is active', async () => {
    const { followApp, opens } = await openField('silent-confirmation');
    const app = await followApp({ profile: profiles.noConfirmation });
    expect(app.client.state).toBe('active');
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
  });
});

describe('S18, S24: accept a socket on an unknown endpoint and stay silent', () => {
  it.each(SANDBOXES)('so the bounded wait is the only sign (%s)', async (personality) => {
    const { launchApp, failure } = await openField(personality);
    const app = await launchApp({
      profile: { ...profiles.jsSandbox2018, bindPath: 'bind/elsewhere' },
      channel: 'websocket',
      dialect: 'draft',
      listener: () => undefined,
      confirmationTimeoutMs: 50,
      reconnect: { firstMs: 60_000 },
    });
    expect(await failure(app.client.ready())).toMatchObject({ code: 'confirmation-timeout', retryable: true });
  });
});

describe('S24: a heartbeat with a constant id and no context, which drops a subscription that is not connected', () => {
  it('is a sign of life alone: not a duplicate, not an event, no context', async () => {
    const { followApp, session } = await openField('js-sandbox-2024');
    const app = await followApp();
    const everything = app.collect('*');
    await app.client.ready();
    const frame = heartbeat(session.subscriptions[0]?.topic, { id: 'JS SANDBOX' });
    for (let beats = 0; beats < 3; beats++) await session.sendRaw(frame, { timeoutMs: 1 });
    await app.until(() => app.client.counts.heartbeat >= 3);
    expect(app.client.counts).toMatchObject({ duplicate: 0, malformed: 0, refused: 0, delivered: 0 });
    expect([everything, app.errors, app.warnings]).toEqual([[], [], []]);
    expect(app.client.context.current).toBeNull();
  });

  it('finds the app connected, because nothing comes before the socket', async () => {
    const { followApp, hub } = await openField('js-sandbox-2024');
    await followApp();
    const kinds = hub.log.flatMap(({ direction, kind }) => (direction === 'in' && kind !== 'discovery' ? [kind] : []));
    expect(kinds.slice(0, 2)).toEqual(['subscribe', 'connect']);
  });
});

describe('MP: a heartbeat every 10 s with a period', () => {
  it.each(MEDPLUM)(
    'which is a sign of life: three missed, and the connection is asked for one (%s)',
    async (personality) => {
      const { followApp, session, hub } = await openField(personality, { network: true });
      const app = await followApp({ silenceMs: 100 });
      const context = [{ key: 'period', decimal: '0.05' }];
      await session.sendRaw(heartbeat(session.subscriptions[0]?.topic, { id: 'beat-1', context }), { timeoutMs: 1 });
      await app.until(() => app.client.counts.heartbeat === 1);
      hub.network?.halfOpen();
      await app.until(() => app.errorCodes.includes('channel-silent'));
      await app.until(() => app.states.filter(({ state }) => state === 'active').length === 2);
      expect(app.client.counts.delivered).toBe(0);
    },
  );
});

describe('S18: any frame that is not an event crashes the hub’s process, an acknowledgement too', () => {
  it('so the app sends none', async () => {
    const { followApp, opens, hub, seen } = await openField('js-sandbox-2018');
    const app = await followApp(S18_SOCKET);
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
    await app.client.unsubscribe();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    expect(seen('malformed')).toEqual([]);
    expect(app.records.filter(({ kind }) => kind === 'answer')).toEqual([]);
  });

  it('also where all that is known of it is that the app names the endpoint', async () => {
    const { followApp, opens, hub, seen } = await openField('js-sandbox-2018');
    const app = await followApp({ profile: { name: 'ours', bindPath: 'bind' }, channel: 'websocket' });
    expect(app.client.hub.learnt).toMatchObject({ acknowledgements: 'none', publishTo: 'session' });
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
    await app.client.unsubscribe();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    expect(seen('malformed')).toEqual([]);
  });
});

describe('S24: a frame is read as an event', () => {
  it('so the app sends none, by what the confirmation shows', async () => {
    const { followApp, opens, hub, seen } = await openField('js-sandbox-2024');
    const app = await followApp();
    expect(app.client.hub.learnt).toMatchObject({ acknowledgements: 'none', publishTo: 'session' });
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
    await app.client.unsubscribe();
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    expect(seen('malformed')).toEqual([]);
  });
});

describe('NU: wants the endpoint sent back in a frame right after opening', () => {
  it('which a profile does', async () => {
    const { followApp, seen, session } = await openField('radiology');
    await followApp({ profile: profiles.radiology });
    const [{ endpoint } = { endpoint: undefined }] = session.subscriptions;
    expect(JSON.parse(seen('endpoint')[0]?.body ?? '')).toEqual({ 'hub.channel.endpoint': endpoint });
  });

  it('and without it the hub is silent', async () => {
    const { launchApp, failure, seen } = await openField('radiology');
    const app = await launchApp({
      listener: () => undefined,
      confirmationTimeoutMs: 50,
      reconnect: { firstMs: 60_000 },
    });
    expect(await failure(app.client.ready())).toMatchObject({ code: 'confirmation-timeout' });
    expect(seen('endpoint')).toEqual([]);
  });
});

describe('one Java hub: takes anything but 200 for a refusal, and tells everyone', () => {
  /** An app that is still at work when the hub wants to know, and what it answered. */
  const slowly = async (options: { profile?: typeof profiles.okOnly }) => {
    const { followApp, opens, hub, seen } = await openField('ok-only');
    let open: () => void = () => {};
    const work = new Promise<void>((resolve) => (open = resolve));
    const app = await followApp({ listener: (event) => event.waitUntil(work), acknowledgeWithinMs: 10, ...options });
    app.client.on('SyncError', () => undefined);
    await app.client.ready();
    await opens();
    open();
    const answers = seen('answer').map(({ status }) => status);
    return { app, hub, answers };
  };

  it('so 202 is answered by 200 where the app says so', async () => {
    const { app, answers } = await slowly({ profile: profiles.okOnly });
    expect(answers).toEqual([200]);
    expect(app.client.syncStatus.state).toBe('in-sync');
  });

  it('and is a SyncError where it does not', async () => {
    const { app, answers, hub } = await slowly({});
    expect(answers[0]).toBe(202);
    await hub.waitFor(({ kind, event }) => kind === 'notify' && event === 'syncerror');
    await app.until(() => app.arrived > 1);
  });
});

describe('S18, S24: never replay the open contexts after a confirmation', () => {
  it.each(BY_SOCKET)('so the app asks for the current context (%s)', async (personality, options) => {
    const { followApp, hub } = await openField(personality);
    await followApp(options);
    const kinds = hub.log.map(({ kind }) => kind);
    expect(kinds.indexOf('context')).toBeGreaterThan(kinds.indexOf('confirm'));
  });
});

describe('S18: a reconnect to the same URL is bound and confirmed again; S24: it stays silent for ever', () => {
  it('so neither is tried: what is bound may be deaf, and a new subscription is made (S18)', async () => {
    const { followApp, session, seen, opens } = await openField('js-sandbox-2018');
    const app = await followApp(S18_SOCKET);
    session.dropConnections();
    await app.until(() => app.subscribed.length === 2);
    expect(seen('subscribe')).toHaveLength(2);
    expect(seen('connect')).toHaveLength(2);
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
  });

  it('nor where no confirmation would come (S24)', async () => {
    const { followApp, session, seen, opens } = await openField('js-sandbox-2024');
    const app = await followApp({ confirmationTimeoutMs: 200 });
    session.dropConnections();
    await app.until(() => app.subscribed.length === 2);
    expect(seen('subscribe')).toHaveLength(2);
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
  });
});

describe('S18: no isolation: events of every topic go to every subscriber', () => {
  it.each([{}, S18_SOCKET])('so those of others are dropped and counted (%o)', async (options) => {
    const { followApp, hub } = await openField('js-sandbox-2018');
    const app = await followApp(options);
    const events = app.collect('Patient-open');
    void hub.openSession().publish('open-patient-chart', patientContext());
    await app.until(() => app.client.counts.wrongTopic > 0);
    expect([events, app.client.context.current]).toEqual([[], null]);
  });
});

describe('S24: a conference brings events of another topic and of names not subscribed to', () => {
  it('which are reported, and not emitted', async () => {
    const { followApp, hub, session } = await openField('js-sandbox-2024');
    const app = await followApp();
    const events = app.collect('Patient-open');
    const [others, ours] = [hub.openSession(), session.subscriptions[0]?.topic];
    const conference = { user: others.id, title: 'Tumour board', topics: [ours] };
    const { origin } = new URL(hub.url);
    const begun = await fetch(`${origin}/conference`, { method: 'POST', body: JSON.stringify(conference) });
    expect(begun.status).toBe(200);
    void others.publish('Patient-open', patientContext());
    void others.publish('UserLogout');
    await app.until(() => app.client.counts.wrongTopic === 2);
    expect([events, app.client.context.current]).toEqual([[], null]);
    expect(app.warningCodes).toEqual(['notification-wrong-topic', 'notification-wrong-topic']);
  });
});

describe('MP: sends every event of the topic, subscribed to or not', () => {
  it.each(MEDPLUM)('of which is emitted what is listened to (%s)', async (personality) => {
    const { followApp, opens, session } = await openField(personality);
    const app = await followApp();
    const events = app.collect('Patient-open');
    void session.publish('Encounter-close', [
      { key: 'encounter', resource: { resourceType: 'Encounter', id: 'e1' } },
      ...patientContext(),
    ]);
    void opens(BRAM);
    await app.until(() => app.arrived === 2);
    await app.until(() => events.length > 0);
    expect(events.map(({ name }) => name)).toEqual(['Patient-open']);
    expect(app.errors).toEqual([]);
  });
});

describe('hubs that die: 1006, and 1005 after a plain close', () => {
  it('of which 1006 is retried', async () => {
    const { followApp, session } = await openField('stu2');
    const app = await followApp();
    session.dropConnections();
    await app.until(() => app.states.filter(({ state }) => state === 'active').length === 2);
    expect(app.records).toContainEqual(expect.objectContaining({ kind: 'socket-close', closeCode: 1006 }));
    expect(app.client.state).toBe('active');
  });

  it('of which 1005 is retried', async () => {
    const { followApp, hub, session, seen } = await openField('js-sandbox-2024');
    const app = await followApp({ confirmationTimeoutMs: 200 });
    const name = seen('subscribe')[0]?.fields?.['subscriber.name'] ?? '';
    await postForm(hub.url, '', {
      'hub.mode': 'unsubscribe',
      'hub.channel.type': 'websocket',
      'hub.topic': session.id,
      'subscriber.name': name,
      'hub.events': 'x',
    });
    await app.until(() => app.subscribed.length === 2);
    expect(app.records).toContainEqual(expect.objectContaining({ kind: 'socket-close', closeCode: 1005 }));
    expect(app.client.state).toBe('active');
  });

  it('and neither when the app has left', async () => {
    const { followApp, session, seen } = await openField('stu2');
    const app = await followApp();
    const { length } = seen('subscribe');
    const left = app.client.unsubscribe();
    session.dropConnections();
    await left.catch(() => {});
    expect(app.client.state).toBe('closed');
    expect(seen('subscribe')).toHaveLength(length);
  });
});

describe('the R4 proof of concept on Medplum: a changed list of events does not reach an open socket', () => {
  it('so another subscription takes its place when no confirmation comes, and the hub is asked what was missed', async () => {
    const { followApp, session, hub, opens } = await openField('medplum-r4');
    const app = await followApp({ confirmationTimeoutMs: 60 });
    await opens(ADA);
    const encounters = app.collect('Encounter-open');
    await app.client.ready();
    const context = (patient: typeof ADA, id: string) => [
      { key: 'encounter', resource: { resourceType: 'Encounter', id, status: 'in-progress', class: {} } },
      { key: 'patient', resource: patient },
    ];
    // The hub sends it to nobody who is on the socket of before.
    void session.publish('Encounter-open', context(BRAM, 'encounter-1'));
    await app.until(() => encounters.length > 0);
    expect(app.client.context.current?.encounter?.id).toBe('encounter-1');
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    void session.publish('Encounter-open', context(ADA, 'encounter-2'));
    await app.until(() => encounters.length > 1);
    expect(encounters.at(-1)).toMatchObject({ source: 'hub', patient: { id: ADA.id } });
    expect(app.states.map(({ state }) => state)).not.toContain('reconnecting');
    expect(app.errors).toEqual([]);
    expect(hub.crashed).toBeUndefined();
  });

  it('and a hub that confirms the longer list keeps its socket', async () => {
    const { followApp, session, hub } = await openField('stu3');
    const app = await followApp({ confirmationTimeoutMs: 60 });
    const confirmed = hub.log.filter(({ kind }) => kind === 'confirm').length;
    const closes = app.collect('Patient-close');
    await app.client.ready();
    await hub.waitFor(() => hub.log.filter(({ kind }) => kind === 'confirm').length > confirmed);
    // Longer than any doubt lasts.
    await new Promise((resolve) => setTimeout(resolve, 120));
    void session.publish('Patient-close', patientContext(ADA));
    await app.until(() => closes.length > 0);
    expect(hub.log.filter(({ kind }) => kind === 'connect')).toHaveLength(1);
  });
});
