import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import smart from 'fhirclient';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FhirClientLike, FhircastClient, LaunchError } from '../../src/index.ts';
import { type LaunchForm, startTestEhr } from '../../src/testing/index.ts';
import { App } from './app.ts';
import { ADA, BRAM, openWorld, patientContext, type World } from './world.ts';
import { WORLDS } from './worlds.ts';

/** Whether an app that was launched in some way follows the session. */
async function expectToFollow(world: World, client: FhircastClient): Promise<void> {
  onTestFinished(() => client.unsubscribe().catch(() => undefined));
  const app = new App('launched', client, world.evidence);
  const events = app.collect('Patient-open');
  await client.ready();
  await world.session.publish('Patient-open', patientContext(ADA), { id: 'event-1' });
  await app.until(() => events.length > 0);
  expect(events.map(({ patient }) => patient)).toEqual([ADA]);
}

describe.each(WORLDS)('launch: $title', (kind) => {
  it('follows the session of a plain token response', async () => {
    const world = await openWorld(kind);
    const { callback } = world;
    const client = await FhircastClient.fromSmartLaunch(world.launch(), { callback, ...world.chosen });
    await expectToFollow(world, client);
    expect(client.channel).toBe(kind.channel);
    expect(world.session.subscriptions.map(({ channel }) => channel)).toEqual([kind.channel]);
  });

  it("uses the token that fhirclient's Client has at the moment", async () => {
    const world = await openWorld(kind);
    const { callback, session } = world;
    const first = world.launch();
    const smartClient: { state: { tokenResponse: object } } & FhirClientLike = { state: { tokenResponse: first } };
    const client = await FhircastClient.fromSmartLaunch(smartClient, { callback, ...world.chosen });
    await expectToFollow(world, client);
    smartClient.state = { tokenResponse: world.launch() };
    session.revokeToken(first.access_token);
    const change = await client.requestContextChange('Patient-open', { patient: BRAM });
    expect(change).toMatchObject({ accepted: true });
  });

  it('sends nothing before something is listened to, and never subscribes without', async () => {
    const world = await openWorld(kind);
    const { client } = await world.join();
    expect(client.state).toBe('idle');
    expect(await world.failure(client.ready())).toMatchObject({ code: 'no-events' });
    expect(world.hub.log).toEqual([]);
  });

  it('warns of what the granted scope does not cover before the hub refuses it', async () => {
    const world = await openWorld(kind);
    const app = await world.join('Viewer', { scope: 'fhircast/Patient-open.read' });
    app.client.on('Patient-open', () => undefined).on('Encounter-open', () => undefined);
    expect(await world.failure(app.client.ready())).toMatchObject({ code: 'hub-unauthorized', status: 403 });
    expect(app.warnings).toMatchObject([{ code: 'scope-missing', at: 'Encounter-open' }]);
  });
});

describe('launch by an EHR', () => {
  const [world] = WORLDS;
  if (!world) throw new Error('There is no world.');

  it.each<LaunchForm>(['draft', 'ballot', 'stu'])(
    "joins with fhirclient's Client and the %s's parameters",
    async (form) => {
      const opened = await openWorld(world);
      const { hub, session, callback } = opened;
      const ehr = await startTestEhr({ hub, launchParameters: form });
      const { origin, launched } = await startSmartApp();
      onTestFinished(() => ehr.close());
      const response = await fetch(ehr.launchUrl(`${origin}/launch`, { session, patient: ADA.id ?? '' }));
      expect([response.status, await response.text()]).toEqual([200, 'ready']);
      const client = await FhircastClient.fromSmartLaunch(await launched, { callback });
      await expectToFollow(opened, client);
      expect(client.channel).toBe(form === 'stu' ? 'websocket' : 'webhook');
      expect(session.subscriptions.map(({ topic }) => topic)).toEqual([form === 'stu' ? session.id : session.url]);
    },
  );
});

describe('a broken launch', () => {
  const HUB = 'https://hub.example.org';
  it.each<[string, Record<string, string>, string, string | undefined]>([
    ['has neither hub nor session', { access_token: 't0ken' }, 'launch-not-fhircast', undefined],
    ['has no hub', { 'hub.topic': 't0pic' }, 'launch-hub-missing', 'hub.url'],
    ['has no hub of the draft', { 'cast-session': `${HUB}/t0pic` }, 'launch-hub-missing', 'cast-hub'],
    ['has no session', { 'hub.url': HUB }, 'launch-session-missing', 'hub.topic'],
    ['has no session of the draft', { 'cast-hub': HUB }, 'launch-session-missing', 'cast-session'],
    ['has an empty session', { 'hub.url': HUB, 'hub.topic': '' }, 'launch-session-missing', 'hub.topic'],
    ['has a hub that is no URL', { 'hub.url': 'hub', 'hub.topic': 't0pic' }, 'launch-hub-invalid', 'hub.url'],
    ['has a hub of another scheme', { 'hub.url': 'ftp://hub', 'hub.topic': 't0pic' }, 'launch-hub-invalid', 'hub.url'],
    [
      'has a hub without encryption',
      { 'cast-hub': 'http://hub.example.org', 'cast-session': 't0pic' },
      'launch-hub-insecure',
      'cast-hub',
    ],
  ])('that %s names the parameter and what to do', async (_, response, code, at) => {
    const error: unknown = await FhircastClient.fromSmartLaunch(response).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LaunchError);
    expect(error).toMatchObject({ code, at });
    expect(String(error)).toMatch(/Ask/);
    expect(String(error)).not.toMatch(/t0ken|t0pic|hub\.example/);
  });

  it('does not send the token to a session outside of the hub', async () => {
    const launch = { 'cast-hub': HUB, 'cast-session': 'https://elsewhere.example.org/t0pic', access_token: 't0ken' };
    const urls: string[] = [];
    const fetch = async (url: string) => {
      urls.push(url);
      return new Response();
    };
    const client = await FhircastClient.fromSmartLaunch(launch, { fetch });
    await expect(client.getCurrentContext()).rejects.toMatchObject({ code: 'session-foreign' });
    expect(urls).toEqual([]);
  });
});

/** An app on fhirclient as its documentation shows it. */
async function startSmartApp() {
  const stored = new Map<string, unknown>();
  const storage = {
    get: async (key: string) => stored.get(key),
    set: async (key: string, value: unknown) => {
      stored.set(key, value);
      return value;
    },
    unset: async (key: string) => stored.delete(key),
  };
  const scope = `launch patient/*.read ${FhircastClient.scopes(['Patient-open'])}`;
  const { promise: launched, resolve } = deferred<FhirClientLike>();
  const server = createServer(async (request, response) => {
    const fhir = smart(request, response, storage);
    if (request.url?.startsWith('/launch')) {
      await fhir.authorize({ clientId: 'viewer', scope, redirectUri: '/app' });
      return;
    }
    resolve(await fhir.ready());
    response.end('ready');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, launched };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
