import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FhircastClient, FhircastError } from '../../src/index.ts';
import { clientFromUrl, hubOfFhirServer } from '../../src/launch/index.ts';

const HUB = 'https://hub.example.org';
const SESSION = { hubUrl: HUB, topic: 'topic' };
const make = (options: unknown) => new FhircastClient(options as never);

/** What a call throws, or rejects with. */
const failure = async (act: () => unknown): Promise<unknown> => {
  try {
    return await act();
  } catch (error) {
    return error;
  }
};

afterEach(() => void vi.unstubAllGlobals());

describe('a client that is made of what it cannot use', () => {
  it.each([[undefined], [null], ['text'], [7], [[]]])('names its options: %j', (options) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: 'option-invalid', at: 'options' }));
  });

  it.each([
    'topic',
    'accessToken',
    'expiresIn',
    'launched',
    'scope',
    'events',
    'channel',
    'callback',
    'subscriberName',
    'leaseSeconds',
    'dialect',
    'profile',
    'allowInsecure',
    'requestTimeoutMs',
    'confirmationTimeoutMs',
    'acknowledgeWithinMs',
    'silenceMs',
    'reconnect',
    'resends',
    'fetch',
    'webSocket',
  ])('names %s, whatever else it is', (name) => {
    for (const value of [null, Symbol('a'), [7], Number.NaN, -1])
      expect(() => make({ ...SESSION, [name]: value })).toThrow(
        expect.objectContaining({ code: 'option-invalid', at: name }),
      );
    expect(make({ ...SESSION, ...(name === 'topic' ? {} : { [name]: undefined }) }).state).toBe('idle');
  });

  it('names an option that there is not', async () => {
    expect(() => make({ ...SESSION, leaseSecs: 60 })).toThrow(
      expect.objectContaining({ code: 'option-invalid', at: 'leaseSecs' }),
    );
    expect(make({ ...SESSION, leaseSecs: undefined }).state).toBe('idle');
    expect(() => make({ ...SESSION, reconnect: { retries: 3 } })).toThrow(
      expect.objectContaining({ code: 'option-invalid', at: 'reconnect' }),
    );
    expect(await failure(() => clientFromUrl(`#hub.url=${HUB}&hub.topic=t`, { keepURL: true } as never))).toMatchObject(
      {
        code: 'option-invalid',
        at: 'keepURL',
      },
    );
  });

  it('names the hub and the session that hold a password, and quotes neither', () => {
    for (const [options, code] of [
      [{ ...SESSION, hubUrl: 'https://user:pw@hub.example.org' }, 'launch-hub-invalid'],
      [{ ...SESSION, topic: 'https://user:pw@hub.example.org/1' }, 'launch-session-invalid'],
      [{ topic: 'topic' }, 'launch-hub-invalid'],
    ] as const) {
      const act = () => make(options);
      expect(act).toThrow(expect.objectContaining({ code }));
      expect(inspect(failure(act))).not.toContain('pw');
    }
  });

  it('may wait for ever', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(make({ ...SESSION, requestTimeoutMs: never, silenceMs: never, resends: never }).state).toBe('idle');
  });
});

describe('a call with what it cannot use', () => {
  const client = () => make(SESSION) as unknown as Record<string, (...values: unknown[]) => unknown>;

  it.each<[string, unknown[], string]>([
    ['on', [], 'name'],
    ['on', ['', () => {}], 'name'],
    ['on', ['Patient-open', 'text'], 'listener'],
    ['on', ['Patient-open'], 'listener'],
    ['once', [7, () => {}], 'name'],
    ['once', ['Patient-open', {}], 'listener'],
    ['off', [], 'name'],
    ['off', ['Patient-open', 'text'], 'listener'],
    ['ready', [null], 'options'],
    ['ready', [{ signal: 'now' }], 'signal'],
    ['getCurrentContext', [{ signal: {} }], 'signal'],
    ['unsubscribe', ['now'], 'options'],
    ['requestContextChange', [], 'name'],
    ['requestContextChange', [{}], 'name'],
  ])('%s(%j) is refused by the name of the argument', async (method, values, at) => {
    const called = client();
    const error = await failure(() => called[method]?.(...values));
    expect(error).toBeInstanceOf(FhircastError);
    expect(error).toMatchObject({ code: 'option-invalid', at });
  });

  it.each<[unknown, string]>([
    [undefined, 'change-invalid'],
    ['text', 'change-invalid'],
    [{ patient: { resourceType: 'Patient', id: '1', identifier: [], size: 1n } }, 'change-invalid'],
  ])('requestContextChange() of %s is refused', async (resources, code) => {
    const called = client();
    const error = await failure(() => called.requestContextChange?.('Patient-open', resources));
    expect(error).toMatchObject({ name: 'ContextChangeError', code });
  });

  it.each<[string, () => unknown]>([
    ['scopes', () => FhircastClient.scopes(undefined as never)],
    ['discover', () => FhircastClient.discover(undefined as never)],
    ['hubOfFhirServer', () => hubOfFhirServer(undefined as never)],
    ['clientFromUrl', () => clientFromUrl(7 as never)],
    ['fromSmartLaunch', () => FhircastClient.fromSmartLaunch(7 as never, null as never)],
    ['fromSmartLaunch with a number', () => FhircastClient.fromSmartLaunch(7 as never)],
  ])('%s is refused by an error of this package', async (_, act) => {
    expect(await failure(act)).toBeInstanceOf(FhircastError);
  });
});

describe('a platform that lacks', () => {
  it.each(['URL', 'URLSearchParams', 'AbortController', 'TextDecoder', 'crypto'])('%s is told so', async (name) => {
    vi.stubGlobal(name, undefined);
    const missing = { code: 'platform-missing', at: name };
    expect(() => make(SESSION)).toThrow(expect.objectContaining(missing));
    const response = { 'hub.url': HUB, 'hub.topic': 'topic' };
    expect(await failure(() => FhircastClient.fromSmartLaunch(response))).toMatchObject(missing);
    expect(await failure(() => FhircastClient.discover(HUB))).toMatchObject(missing);
  });
});

describe('a function of the app', () => {
  it.each<[string, () => unknown, string, string | undefined]>([
    ['that is mistaken', () => nothing(), 'option-failed', 'fetch'],
    ['that calls what is no function', async () => (undefined as unknown as () => void)(), 'option-failed', 'fetch'],
    ['that returns nothing', async () => undefined, 'option-failed', 'fetch'],
    ['that has no network', () => Promise.reject(new TypeError('fetch failed')), 'hub-unreachable', undefined],
  ])('fetch %s is told so', async (_, fetch, code, at) => {
    const client = make({ ...SESSION, fetch });
    const error = await failure(() => client.getCurrentContext());
    expect(error).toMatchObject({ code, at });
  });

  it('that is a token’s and never settles does not hold what waits for it', async () => {
    const client = make({ ...SESSION, accessToken: () => new Promise(() => {}), requestTimeoutMs: 40 });
    client.on('Patient-open', () => {}).on('error', () => {});
    const life = new AbortController();
    const given = [client.ready({ signal: life.signal }), client.getCurrentContext({ signal: life.signal })];
    const ended = Promise.all(given.map((promise) => failure(() => promise)));
    life.abort();
    expect(await ended).toMatchObject([{ code: 'aborted' }, { code: 'aborted' }]);
    expect(await failure(() => client.getCurrentContext())).toMatchObject({ code: 'token-unavailable' });
    const change = failure(() => client.requestContextChange('Home-open', {}));
    await client.unsubscribe();
    expect(await change).toBeInstanceOf(FhircastError);
  });
});

declare const nothing: () => never;

describe('what is printed of an error', () => {
  const leaky = Object.assign(new Error('at https://hub/secret', { cause: new Error('secret') }), {
    code: 'ECONNRESET',
    url: 'secret',
  });

  it('is the class and the code of what a platform threw', () => {
    const error = new FhircastError('hub-unreachable', { cause: leaky, status: 500 });
    const printed = `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${String(error.cause)}`;
    expect(printed).not.toContain('secret');
    expect(printed).toContain('ECONNRESET');
    expect(printed).toContain('status: 500');
    expect((error.cause as Error).stack).not.toContain('secret');
  });

  it('is no more of what an app threw, which the app can still have', () => {
    const error = new FhircastError('listener-failed', { cause: leaky });
    expect(error.cause).toBe(leaky);
    expect(`${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`).not.toContain('secret');
  });

  it.each<[unknown]>([[undefined], [null], ['secret'], [Symbol('secret')], [{ name: 'secret', code: 'secret' }]])(
    'is safe whatever was thrown: %s',
    (cause) => {
      const error = new FhircastError('hub-unreachable', { cause });
      expect(inspect(error, { depth: 10 })).not.toContain('secret');
    },
  );
});
