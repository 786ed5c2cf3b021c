import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, profiles } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { ADA, BRAM, patientContext } from '../integration/world.ts';
import { MEDPLUM, openField, pageFetch, SANDBOXES } from './support.ts';

const S18_SOCKET = { profile: profiles.jsSandbox2018, channel: 'websocket' } as const;
const S24_WEBHOOK = { profile: profiles.jsSandbox2024, channel: 'webhook' } as const;

/** The sandbox hubs as an app meets them: by itself, and with their profiles. */
const SANDBOX_WAYS = [
  ['js-sandbox-2018', {}],
  ['js-sandbox-2018', S18_SOCKET],
  ['js-sandbox-2024', {}],
  ['js-sandbox-2024', S24_WEBHOOK],
  // All that is known of it is what makes it deliver by webhook.
  ['js-sandbox-2024', { profile: profiles.unnamedWebhooks, channel: 'webhook' }],
] as const;

/** Notes each request that an app makes. */
const noting = () => {
  const requests: Request[] = [];
  const noted = (input: string, init: RequestInit) => {
    requests.push(new Request(input, init));
    return fetch(input, init);
  };
  return { requests, fetch: noted };
};

const study = {
  resourceType: 'ImagingStudy',
  id: 's1',
  status: 'available',
  subject: { reference: `Patient/${ADA.id}` },
};

describe('S18, S24, N19: take events only at hub/{topic}; a POST on the bare hub crashes or hangs S18 and S24', () => {
  it.each([...SANDBOX_WAYS, ['net-sandbox-2019', {}]] as const)(
    'so the app never sends one there (%s, %o)',
    async (personality, options) => {
      const { followApp, seen, hub } = await openField(personality);
      const { requests, fetch } = noting();
      const app = await followApp({ ...options, fetch });
      expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({
        accepted: true,
      });
      await app.until(() => app.client.counts.delivered > 0);
      const sent = requests.filter(({ headers }) => headers.get('content-type')?.includes('json'));
      const topic = seen('subscribe')[0]?.fields?.['hub.topic']?.split('/').at(-1) ?? '';
      expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([`/api/hub/${topic}`]);
      expect(hub.crashed).toBeUndefined();
    },
  );

  it.each([...SANDBOX_WAYS, ['medplum-stu2', {}]] as const)(
    'also when it sends before it is subscribed (%s, %o)',
    async (personality, options) => {
      const { launchApp, hub } = await openField(personality);
      const app = await launchApp({ ...options, listener: () => undefined });
      expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({
        accepted: true,
      });
      expect(hub.crashed).toBeUndefined();
    },
  );

  it('and an option overrides where', async () => {
    const { followApp, seen, session } = await openField('js-sandbox-2024');
    const { requests, fetch } = noting();
    const app = await followApp({ profile: profiles.publishToSession, fetch });
    await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(seen('publish')).toHaveLength(1);
    const posts = requests.filter(({ headers }) => headers.get('content-type')?.includes('json'));
    expect(posts.map(({ url }) => new URL(url).pathname)).toEqual([`/api/hub/${session.id}`]);
  });
});

describe('MP: takes events at both, and answers 201 with JSON in one version, 200 in another', () => {
  it.each([
    ['medplum-stu2', 201],
    ['medplum-stu3', 200],
  ] as const)('which is a yes (%s)', async (personality, status) => {
    const { followApp } = await openField(personality);
    const app = await followApp();
    expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({
      accepted: true,
      status,
    });
  });
});

describe('S18, S24: drop an event sent as application/fhir+json and still say 200', () => {
  it.each(SANDBOX_WAYS)('so application/json is sent, and arrives (%s, %o)', async (personality, options) => {
    const { followApp } = await openField(personality);
    const { requests, fetch } = noting();
    const app = await followApp({ ...options, fetch });
    const events = app.collect('Patient-open');
    await app.client.requestContextChange('Patient-open', { patient: BRAM });
    await app.until(() => events.length > 0);
    const types = requests.flatMap(({ method, headers }) => (method === 'POST' ? [headers.get('content-type')] : []));
    expect(types).toContain('application/json');
    expect(types).not.toContain('application/fhir+json');
  });

  it('and it is dropped where the app insists on the other', async () => {
    const { followApp, seen } = await openField('js-sandbox-2018');
    const app = await followApp({ profile: profiles.fhirJson });
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({ accepted: true, status: 200 });
    expect(seen('notify')).toEqual([]);
    // 2xx is not delivery, and nothing is shown that has not come back.
    expect(app.client.context.current).toBeNull();
  });
});

describe('N19: 404 with text when nobody is subscribed; others 504 when one could not be reached', () => {
  it('which is told as the hub said it (N19)', async () => {
    const { launchApp, seen } = await openField('net-sandbox-2019');
    const app = await launchApp();
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({
      accepted: false,
      status: 404,
      reason: expect.stringMatching(/^Could not find any subscriptions/),
    });
    expect(seen('publish')).toHaveLength(1);
  });

  it.each([404, 409, 422, 504])('and nothing is sent again by itself (%s)', async (status) => {
    const { followApp, hub, seen } = await openField('stu2');
    const app = await followApp();
    hub.refuseNext({ kind: 'publish', status, text: 'Dictation could not be reached.' });
    const change = await app.client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({ accepted: false, status, reason: 'Dictation could not be reached.' });
    expect(seen('publish')).toHaveLength(1);
    expect(app.client.context.current).toBeNull();
  });
});

describe('S18, S24: always 200; more than 100 kB is a 413 with HTML', () => {
  it.each(SANDBOXES)('so 2xx is not delivery: the echo is (%s)', async (personality) => {
    const { followApp, session } = await openField(personality, { answerTimeoutMs: 50 });
    const app = await followApp();
    session.disturbNext('drop');
    expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ status: 200 });
    expect(app.client.context.current).toBeNull();
    await app.client.requestContextChange('Patient-open', { patient: ADA });
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
  });

  it.each(SANDBOXES)('and a 413 is told by its text (%s)', async (personality) => {
    const { followApp } = await openField(personality);
    const app = await followApp();
    const patient = { ...BRAM, text: { status: 'generated' as const, div: `<div>${'x'.repeat(101 * 1024)}</div>` } };
    const change = await app.client.requestContextChange('Patient-open', { patient });
    expect(change).toMatchObject({ accepted: false, status: 413, reason: expect.not.stringMatching(/[<>]/) });
  });
});

describe('S18, S24: the echo may come before the answer to the POST', () => {
  it.each([...SANDBOXES, 'net-sandbox-2019'] as const)('and is known for one (%s)', async (personality) => {
    const { followApp, hub } = await openField(personality);
    const app = await followApp();
    const events = app.collect('Patient-open');
    await app.client.requestContextChange('Patient-open', { patient: BRAM });
    await app.until(() => events.length > 0);
    expect(events).toMatchObject([{ isEcho: true, patient: { id: BRAM.id } }]);
    expect(hub.crashed).toBeUndefined();
  });

  it('which N19 always does', async () => {
    const { followApp, hub } = await openField('net-sandbox-2019');
    const app = await followApp();
    await app.client.requestContextChange('Patient-open', { patient: BRAM });
    const kinds = hub.log.map(({ kind, about }) => (kind === 'reply' ? `reply to ${about}` : kind));
    expect(kinds.indexOf('notify')).toBeLessThan(kinds.indexOf('reply to publish'));
  });
});

describe('S18: names are matched with case and as substrings; S24: as substrings', () => {
  it.each([
    ['js-sandbox-2018', {}, 'patient-chart'],
    ['js-sandbox-2018', S18_SOCKET, 'patient-chart'],
    ['js-sandbox-2024', {}, 'Patient'],
    ['js-sandbox-2024', {}, 'patient-op'],
  ] as const)('so a name that only resembles one is not delivered as it (%s, %o, %s)', async (which, options, name) => {
    const { followApp, session, opens } = await openField(which);
    const app = await followApp(options);
    const events = app.collect('Patient-open');
    void session.publish(name, patientContext(ADA));
    await app.until(() => app.arrived > 0);
    void opens(BRAM);
    await app.until(() => events.length > 0);
    expect(events.map(({ patient }) => patient?.id)).toEqual([BRAM.id]);
    expect(app.client.context.current?.patient?.id).toBe(BRAM.id);
  });

  it('and the app asks for the very spelling that the hub sends (S18)', async () => {
    const { followApp, opens, session } = await openField('js-sandbox-2018');
    const app = await followApp();
    const events = app.collect('PATIENT-OPEN-CHART');
    await app.client.ready();
    await opens();
    expect(events).toHaveLength(1);
    expect(session.subscriptions.flatMap(({ events: names }) => names)).toContain('open-patient-chart');
  });
});

describe('N19: US-style dates, and the key imagingstudy; P19: dates like Wed Jan 16 18:02:27 EST 2019', () => {
  it('are read, and the key is the canonical one (N19)', async () => {
    const { followApp, session, seen } = await openField('net-sandbox-2019');
    const app = await followApp();
    const events = app.collect('ImagingStudy-open');
    await app.client.ready();
    const facts = { timestamp: '2018-01-08T01:37:05.000Z' };
    await session.publish('open-imaging-study', [...patientContext(), { key: 'study', resource: study }], facts);
    const body = seen('notify')[0]?.body ?? '';
    expect(body).toContain('1/8/2018 1:37:05 AM');
    expect(body).toContain('"imagingstudy"');
    expect(events).toMatchObject([{ study: { id: 's1' }, patient: { id: ADA.id } }]);
    expect(events[0]?.time).toBe(Date.parse('2018-01-08T01:37:05Z'));
  });

  it('are read (P19)', async () => {
    const { followApp, opens, seen } = await openField('java-2019');
    const app = await followApp({ profile: [profiles.javaHub2019, profiles.unverifiedSignatures] });
    const events = app.collect('Patient-open');
    await opens(ADA, { timestamp: '2019-01-16T23:02:27.000Z' });
    expect(seen('notify')[0]?.body).toMatch(/Wed Jan 16 \d\d:02:27 \w+ 2019/);
    expect(events[0]?.time).toBe(Date.parse('2019-01-16T23:02:27Z'));
  });
});

describe('all: zone-less timestamps', () => {
  it.each(['draft', 'stu2', 'stu3'] as const)('are UTC (%s)', async (personality) => {
    const { followApp, session, names } = await openField(personality);
    const app = await followApp();
    const events = app.collect('Patient-open');
    const facts = { 'hub.topic': session.subscriptions[0]?.topic, 'hub.event': names.open, context: patientContext() };
    void session.sendRaw(JSON.stringify({ timestamp: '2026-01-05T08:00:00', id: 'e1', event: facts }));
    await app.until(() => events.length > 0);
    expect(events[0]?.time).toBe(Date.UTC(2026, 0, 5, 8));
  });
});

describe('S18: the context is {} before, then a bare array that all topics share, kept after a close', () => {
  it.each([{}, S18_SOCKET])('which is one shape, and events are trusted over it (%o)', async (options) => {
    const { followApp, opens, hub, session, names } = await openField('js-sandbox-2018');
    const app = await followApp(options);
    expect(await app.client.getCurrentContext()).toBeNull();
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.getCurrentContext()).toMatchObject({ type: 'Patient', patient: { id: ADA.id } });
    app.client.on('Patient-close', () => undefined);
    await app.client.ready();
    void session.publish(names.close, patientContext(ADA));
    await app.until(() => app.client.context.current === null);
    // Somebody else's patient is what the hub tells now, and not what this app shows.
    const { wrongTopic } = app.client.counts;
    void hub.openSession().publish(names.open, patientContext(BRAM));
    await app.until(() => app.client.counts.wrongTopic > wrongTopic);
    await app.client.getCurrentContext();
    expect(app.client.context.current).toBeNull();
  });
});

describe('S18: the context is one that all topics share', () => {
  it.each([{}, S18_SOCKET])('so an app that joins does not show it (%o)', async (options) => {
    const { followApp, opens, hub, names, seen } = await openField('js-sandbox-2018');
    await hub.openSession().publish(names.open, patientContext(BRAM));
    const app = await followApp(options);
    expect(seen('reply').at(-1)?.body).toContain(BRAM.id);
    expect(app.client.context.current).toBeNull();
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(app.client.counts.delivered).toBe(1);
  });
});

describe('S24: 200 with an empty body before, a bare array, {} after a close; any event overwrites it', () => {
  it('which is one shape', async () => {
    const { followApp, opens, session, names } = await openField('js-sandbox-2024');
    const app = await followApp();
    app.client.on('Patient-close', () => undefined);
    await app.client.ready();
    expect(await app.client.getCurrentContext()).toBeNull();
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.getCurrentContext()).toMatchObject({ type: 'Patient', patient: { id: ADA.id } });
    void session.publish(names.close, patientContext(ADA));
    await app.until(() => app.client.context.current === null);
    expect(await app.client.getCurrentContext()).toBeNull();
  });

  it('and a SyncError in its place is no context', async () => {
    const { followApp, launchApp, opens, session, failure } = await openField('js-sandbox-2024');
    const app = await followApp();
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    const issue = [{ severity: 'information', code: 'processing', diagnostics: 'No.' }];
    await session.publish('SyncError', [
      { key: 'operationoutcome', resource: { resourceType: 'OperationOutcome', issue } },
    ]);
    // What is open is not known, which is another thing than nothing.
    expect(await failure(app.client.getCurrentContext())).toMatchObject({ code: 'anchor-missing' });
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    const late = await launchApp({ listener: () => undefined }, 'Dictation');
    await late.client.ready();
    await late.until(() => late.errorCodes.includes('anchor-missing'));
    expect([late.client.syncStatus.state, late.client.context.current]).toEqual(['behind', null]);
    void opens(BRAM);
    await late.until(() => late.client.context.current?.patient?.id === BRAM.id);
    expect(late.client.syncStatus.state).toBe('in-sync');
  });
});

describe('N19: 404 for no context; P19: 202 with an envelope', () => {
  it.each([
    ['net-sandbox-2019', {}, 404],
    ['java-2019', { profile: [profiles.javaHub2019, profiles.unverifiedSignatures] }, 202],
  ] as const)('which is read by its content (%s)', async (personality, options, status) => {
    const { followApp, opens, seen } = await openField(personality);
    const app = await followApp(options);
    expect(await app.client.getCurrentContext()).toBeNull();
    expect(seen('reply').at(-1)).toMatchObject({ about: 'context', status });
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
    expect(await app.client.getCurrentContext()).toMatchObject({ type: 'Patient', patient: { id: ADA.id } });
  });
});

describe('MP: a bare array, [] for none, from the STU2 endpoint; the standard object from the STU3 one', () => {
  it.each(MEDPLUM)('are one shape (%s)', async (personality) => {
    const { followApp, opens, seen } = await openField(personality);
    const app = await followApp();
    expect(await app.client.getCurrentContext()).toBeNull();
    expect(JSON.parse(seen('reply').at(-1)?.body ?? '')).toEqual(
      personality === 'medplum-stu2' ? [] : { 'context.type': '', context: [] },
    );
    void opens();
    await app.until(() => app.client.counts.delivered > 0);
    expect(await app.client.getCurrentContext()).toMatchObject({ type: 'Patient', patient: { id: ADA.id } });
  });
});

describe('S18: CORS headers do not allow Authorization; none exposes Content-Location; N19 has none at all', () => {
  const CURE = /CORS.*proxy/;

  it.each([
    ['js-sandbox-2018', {}],
    ['js-sandbox-2018', S18_SOCKET],
    ['net-sandbox-2019', {}],
  ] as const)('so a page is told that, and the cure (%s, %o)', async (personality, options) => {
    const { launchApp, failure, hub, seen } = await openField(personality);
    const app = await launchApp({
      ...options,
      fetch: pageFetch,
      listener: () => undefined,
      reconnect: { firstMs: 60_000 },
    });
    const error = await failure(app.client.ready());
    expect(error).toMatchObject({ code: 'hub-unreachable', message: expect.stringMatching(CURE), retryable: true });
    expect(String(error)).not.toContain(new URL(hub.url).host);
    expect(seen('subscribe')).toEqual([]);
  });

  it('and so is one that asks for the current context (N19)', async () => {
    const { launchApp, failure } = await openField('net-sandbox-2019');
    const app = await launchApp({ fetch: pageFetch });
    const error = await failure(app.client.getCurrentContext());
    expect(error).toMatchObject({ code: 'hub-unreachable', message: expect.stringMatching(CURE) });
  });

  it('while one without a token is let in (S18)', async () => {
    const { take, hub, session, evidence, opens } = await openField('js-sandbox-2018');
    const client = new FhircastClient({ hubUrl: hub.url, topic: session.url, fetch: pageFetch, ...S18_SOCKET });
    const app = take(new App('Viewer', client, evidence));
    app.client.on('Patient-open', () => undefined);
    await app.client.ready();
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.getCurrentContext()).toMatchObject({ patient: { id: ADA.id } });
  });

  it('while one with a token is let in (S24)', async () => {
    const { followApp, opens } = await openField('js-sandbox-2024');
    const app = await followApp({ fetch: pageFetch });
    void opens();
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
  });

  it.each(['Content-Location', ''])(
    'and a page does not see the URL in a header unless exposed (%o)',
    async (exposed) => {
      const { failure, take, evidence } = await openField('stu1-websocket');
      const server = createServer((request, response) => {
        response.setHeader('Access-Control-Allow-Origin', '*');
        response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
        response.setHeader('Access-Control-Expose-Headers', exposed);
        const status = { POST: 202, OPTIONS: 204 }[request.method ?? ''] ?? 404;
        // Nobody listens there: to be told so is to have seen it.
        response.writeHead(status, { 'Content-Location': 'ws://127.0.0.1:1/socket' });
        response.end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      const hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hub`;
      const options = {
        hubUrl,
        topic: 'a',
        accessToken: 'b',
        channel: 'websocket',
        reconnect: { firstMs: 60_000 },
      } as const;
      const client = new FhircastClient({ ...options, fetch: pageFetch });
      const app = take(new App('Viewer', client, evidence));
      app.client.on('Patient-open', () => undefined);
      expect(await failure(app.client.ready())).toMatchObject(
        exposed
          ? { code: 'channel-not-opened' }
          : {
              code: 'channel-no-endpoint',
              message: expect.stringMatching(/Content-Location \(CORS\), or use a proxy/),
            },
      );
    },
  );
});

describe('S18, S24: no well-known document, a 404 with HTML; context responses may be cached', () => {
  it.each([
    ['js-sandbox-2018', S18_SOCKET],
    ['js-sandbox-2024', {}],
  ] as const)('so discovery is optional, and nothing is stored (%s)', async (personality, options) => {
    const { followApp, hub } = await openField(personality);
    const { requests, fetch } = noting();
    const app = await followApp({ ...options, fetch });
    await app.client.getCurrentContext();
    expect(app.client.state).toBe('active');
    expect(requests.map(({ cache }) => cache)).toEqual(requests.map(() => 'no-store'));
    expect(await FhircastClient.discover(hub.url)).toBeUndefined();
  });
});

describe('all: hub/ and hub are the same, hub//topic is not found', () => {
  it.each([
    ['js-sandbox-2024', ''],
    ['js-sandbox-2024', '/'],
    ['stu2', ''],
    ['stu2', '/'],
    ['stu3', '/'],
  ] as const)('so paths are joined with care (%s, %o)', async (personality, end) => {
    const { take, hub, session, evidence, callback } = await openField(personality);
    const { requests, fetch } = noting();
    const hubUrl = `${hub.url.replace(/\/$/, '')}${end}`;
    const client = new FhircastClient({
      hubUrl,
      topic: session.id,
      accessToken: session.accessToken,
      callback,
      fetch,
    });
    const app = take(new App('Viewer', client, evidence));
    app.client.on('Patient-open', () => undefined);
    await app.client.ready();
    await app.client.requestContextChange('Patient-open', { patient: BRAM });
    await app.until(() => app.client.counts.delivered > 0);
    await app.client.getCurrentContext();
    expect(requests.map(({ url }) => new URL(url).pathname).filter((path) => path.includes('//'))).toEqual([]);
    // An event may be tried at the session's URL first, while the hub has not said which version it speaks.
    const tried = ['discovery', 'publish'];
    expect(hub.log.filter(({ about = '', status }) => status === 404 && !tried.includes(about))).toEqual([]);
  });
});

describe('token endpoints: some return topic instead of hub.topic', () => {
  it('which is taken for it', async () => {
    const { take, hub, session, evidence } = await openField('stu3');
    const client = await FhircastClient.fromSmartLaunch({
      access_token: session.accessToken,
      'hub.url': hub.url,
      topic: session.id,
    });
    const app = take(new App('Viewer', client, evidence));
    app.client.on('Patient-open', () => undefined);
    await app.client.ready();
    expect(session.subscriptions).toMatchObject([{ topic: session.id, active: true }]);
  });
});
