import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { type LaunchSource, smartLaunch } from '../../src/launch/smart.ts';

const HUB = 'https://hub.example.org/fhircast';
const TOPIC = 'topic-of-the-session';
const RESPONSE = {
  access_token: 'token-of-the-launch',
  scope: 'fhircast/Patient-open.read',
  'hub.url': HUB,
  'hub.topic': TOPIC,
};

/** What the hub is asked by a client of a launch, and by which token. */
async function askedBy(source: LaunchSource | undefined, options = {}) {
  const asked: [string, string | null][] = [];
  const client = await FhircastClient.fromSmartLaunch(source, {
    fetch: async (url, init) => {
      asked.push([url, new Headers(init.headers).get('authorization')]);
      return Response.json([]);
    },
    ...options,
  });
  expect(await client.getCurrentContext()).toBeNull();
  await client.unsubscribe();
  return asked;
}

/** fhirclient as a script tag leaves it. */
const withGlobal = (ready: (() => Promise<unknown>) | undefined) => {
  const holder = globalThis as { FHIR?: unknown };
  const before = holder.FHIR;
  holder.FHIR = { oauth2: { ready } };
  onTestFinished(() => {
    if (before === undefined) delete holder.FHIR;
    else holder.FHIR = before;
  });
};

describe('a launch', () => {
  it('is read from a token response', async () => {
    expect(await askedBy(RESPONSE)).toEqual([[`${HUB}/${TOPIC}`, 'Bearer token-of-the-launch']]);
  });

  it('is read from fhirclient’s Client', async () => {
    expect(await askedBy({ state: { tokenResponse: RESPONSE } })).toEqual([
      [`${HUB}/${TOPIC}`, 'Bearer token-of-the-launch'],
    ]);
  });

  it.each<[string, LaunchSource]>([
    ['as a text', JSON.stringify(RESPONSE)],
    ['as a text in a text', JSON.stringify(JSON.stringify(RESPONSE))],
    ['in another object', { data: RESPONSE }],
    ['in an array', { all: [RESPONSE] }],
  ])('is read from a token response %s, its token too', async (_, source) => {
    expect(await askedBy(source)).toEqual([[`${HUB}/${TOPIC}`, 'Bearer token-of-the-launch']]);
  });

  it('is exchanged once by two that ask at once, also when the first leaves at once', async () => {
    let exchanges = 0;
    withGlobal(async () => {
      exchanges++;
      await Promise.resolve();
      if (exchanges > 1) throw new Error('The code was used before.');
      return { state: { tokenResponse: RESPONSE } };
    });
    const life = new AbortController();
    const fetch = async () => Response.json([]);
    const given = FhircastClient.fromSmartLaunch(undefined, { fetch, signal: life.signal });
    const [first, second] = [1, 2].map(() => FhircastClient.fromSmartLaunch(undefined, { fetch }));
    life.abort();
    await expect(given).rejects.toMatchObject({ code: 'aborted' });
    await (await first)?.unsubscribe();
    const left = await second;
    expect(left?.state).toBe('idle');
    expect(await left?.getCurrentContext()).toBeNull();
    expect(exchanges).toBe(1);
    await left?.unsubscribe();
  });

  it('tells how long its token lasts', async () => {
    const now = Date.now() / 1000;
    const { expiresIn } = await smartLaunch({ ...RESPONSE, expires_in: '3600' });
    expect(expiresIn()).toBeCloseTo(3600, -1);
    const renewed = { state: { tokenResponse: { ...RESPONSE, expires_in: 3600 }, expiresAt: now + 60 } };
    const launch = await smartLaunch(renewed);
    expect(launch.expiresIn()).toBeCloseTo(60, -1);
    renewed.state.expiresAt = now + 7200;
    expect(launch.expiresIn()).toBeCloseTo(7200, -1);
    expect((await smartLaunch(RESPONSE)).expiresIn()).toBeUndefined();
  });

  it('is read from fhirclient in a page when nothing is passed', async () => {
    withGlobal(async () => ({ state: { tokenResponse: RESPONSE } }));
    expect(await askedBy(undefined)).toEqual([[`${HUB}/${TOPIC}`, 'Bearer token-of-the-launch']]);
  });

  it('can do with another token for the hub', async () => {
    expect(await askedBy(RESPONSE, { accessToken: 'token-for-the-hub' })).toEqual([
      [`${HUB}/${TOPIC}`, 'Bearer token-for-the-hub'],
    ]);
  });

  it('without a token asks without one', async () => {
    expect(await askedBy({ 'hub.url': HUB, 'hub.topic': TOPIC })).toEqual([[`${HUB}/${TOPIC}`, null]]);
  });

  it('brings scopes, and what they do not cover is said before the hub is asked', async () => {
    const said: unknown[] = [];
    const client = await FhircastClient.fromSmartLaunch(RESPONSE, {
      fetch: async () => {
        said.push('asked');
        return new Response('', { status: 403 });
      },
    });
    client.on('warning', ({ code, at }) => said.push([code, at])).on('error', () => {});
    client.on('Patient-open', () => {}).on('Patient-close', () => {});
    await expect(client.ready()).rejects.toMatchObject({ code: 'hub-unauthorized' });
    expect(said[0]).toEqual(['scope-missing', 'Patient-close']);
    expect(said[1]).toBe('asked');
    await client.unsubscribe();
  });
});

describe('a launch that fails', () => {
  it.each<[string, LaunchSource, object]>([
    ['without FHIRcast', { access_token: 'token' }, { code: 'launch-not-fhircast' }],
    ['of a Client without a response', { state: {} }, { code: 'launch-not-fhircast' }],
    [
      'without a hub',
      { state: { tokenResponse: { 'hub.topic': TOPIC } } },
      { code: 'launch-hub-missing', at: 'hub.url' },
    ],
    ['without a session', { 'hub.url': HUB }, { code: 'launch-session-missing', at: 'hub.topic' }],
    [
      'at an unencrypted hub',
      { ...RESPONSE, 'hub.url': 'http://hub.lan' },
      { code: 'launch-hub-insecure', at: 'hub.url' },
    ],
    ['at no hub', { ...RESPONSE, 'hub.url': `//${TOPIC}` }, { code: 'launch-hub-invalid', at: 'hub.url' }],
  ])('%s says so, and quotes nothing', async (_, source, expected) => {
    const error = await FhircastClient.fromSmartLaunch(source).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'LaunchError', ...expected });
    expect(inspect(error)).not.toContain(TOPIC);
    expect(inspect(error)).not.toContain('hub.lan');
  });

  it('can be given up', async () => {
    const ready = () => new Promise<never>(() => {});
    Object.assign(globalThis, { FHIR: { oauth2: { ready } } });
    const life = new AbortController();
    const launch = FhircastClient.fromSmartLaunch(undefined, { signal: life.signal });
    life.abort();
    await expect(launch).rejects.toMatchObject({ code: 'aborted' });
    Reflect.deleteProperty(globalThis, 'FHIR');
  });

  it('in fhirclient says so, with the cause', async () => {
    const cause = new Error('no state');
    withGlobal(() => Promise.reject(cause));
    await expect(FhircastClient.fromSmartLaunch()).rejects.toMatchObject({ code: 'launch-failed', cause });
  });

  it('where a test network is unencrypted can be allowed', async () => {
    const client = await FhircastClient.fromSmartLaunch(
      { ...RESPONSE, 'hub.url': 'http://hub.lan' },
      { allowInsecure: true },
    );
    expect(client.state).toBe('idle');
    await client.unsubscribe();
  });
});

describe('a client made without a launch', () => {
  it.each([
    [
      { hubUrl: HUB, topic: '' },
      { code: 'option-invalid', at: 'topic' },
    ],
    [
      { hubUrl: '', topic: TOPIC },
      { code: 'launch-hub-invalid', at: 'hubUrl' },
    ],
    [
      { hubUrl: 'ftp://hub.example.org', topic: TOPIC },
      { code: 'launch-hub-invalid', at: 'hubUrl' },
    ],
    [
      { hubUrl: 'http://hub.example.org', topic: TOPIC },
      { code: 'launch-hub-insecure', at: 'hubUrl' },
    ],
    [
      { hubUrl: HUB, topic: TOPIC, dialect: 'constructor' as never },
      { code: 'option-invalid', at: 'dialect' },
    ],
  ])('with %j is an error', (options, expected) => {
    expect(() => new FhircastClient(options)).toThrow(expect.objectContaining(expected));
  });

  it.each([
    'http://localhost/hub',
    'http://hub.localhost:3000',
    'http://127.0.0.1',
    'http://127.1.2.3:80/',
    'http://[::1]:3000/',
  ])('may use %s, which is this machine', (hubUrl) => {
    expect(new FhircastClient({ hubUrl, topic: TOPIC }).state).toBe('idle');
  });

  it.each([
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'http://[::2]',
    'http://notlocalhost',
    'http://localhost@hub.example.org',
  ])('may not use %s, which is not', (hubUrl) => {
    expect(() => new FhircastClient({ hubUrl, topic: TOPIC })).toThrow(
      expect.objectContaining({ code: 'launch-hub-insecure' }),
    );
  });
});
