import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createCallbackEndpoint, MemoryRouter } from '../../src/callback/index.ts';
import { FhircastClient } from '../../src/index.ts';
import { clientFromConnector, clientFromUrl, hubOfFhirServer } from '../../src/launch/index.ts';
import { type RedisRouterOptions, redisRouter } from '../../src/redis/index.ts';
import { createRelay, type RelayOptions, relayChannel } from '../../src/relay/index.ts';

const HUB = 'https://hub.example.org';
const SESSION = { hubUrl: HUB, topic: 'topic' };
/** It is nowhere allowed, and is to be found in no message. */
const SECRET = { secret: 'S3CRET' };
const URL_OF_LAUNCH = `#hub.url=${HUB}&hub.topic=t`;

const make = (options: object) => () => new FhircastClient({ ...SESSION, ...options } as never);
const client = () => new FhircastClient(SESSION) as unknown as Record<string, (...values: unknown[]) => unknown>;
const relay = (options: object) => () => createRelay({ baseUrl: HUB, ...options } as RelayOptions);
const redis = (options: object) => () => redisRouter({ client: {}, ...options } as unknown as RedisRouterOptions);
const endpoint = (options: object) => () => createCallbackEndpoint({ baseUrl: HUB, ...options } as never);

/** Each option or argument, what it may be, and a call that has something else. */
const REFUSED: readonly (readonly [at: string, allowed: string, act: () => unknown])[] = [
  ['topic', 'a text that is not empty', make({ topic: SECRET })],
  ['topic', 'a text that is not empty', make({ topic: undefined })],
  ['launched', 'a text that is not empty', make({ launched: SECRET })],
  ['subscriberName', 'a text that is not empty', make({ subscriberName: SECRET })],
  ['dialect', 'a text that is not empty', make({ dialect: SECRET })],
  ['dialect', 'one of stu3, stu2, stu1, ballot, draft', make({ dialect: 'S3CRET' })],
  ['scope', 'a text', make({ scope: SECRET })],
  ['events', 'a list of texts', make({ events: [SECRET] })],
  ['accessToken', 'a text or a function', make({ accessToken: SECRET })],
  [
    'accessToken',
    'a text of printable ASCII characters',
    () => new FhircastClient({ ...SESSION, accessToken: 'S3CRET\n1' }).getCurrentContext(),
  ],
  ['expiresIn', 'a number above 0, or a function', make({ expiresIn: SECRET })],
  ['channel', 'websocket or webhook', make({ channel: 'S3CRET' })],
  ['callback', 'what createCallbackEndpoint() or relayChannel() returns', make({ callback: SECRET })],
  ['leaseSeconds', 'a whole number above 0', make({ leaseSeconds: 0.5 })],
  ['requestTimeoutMs', 'a number above 0', make({ requestTimeoutMs: SECRET })],
  ['confirmationTimeoutMs', 'a number above 0', make({ confirmationTimeoutMs: SECRET })],
  ['acknowledgeWithinMs', 'a number above 0', make({ acknowledgeWithinMs: SECRET })],
  ['silenceMs', 'a number above 0', make({ silenceMs: SECRET })],
  [
    'reconnect',
    'firstMs and longestMs as numbers from 0, attempts as a whole number from 0, or Infinity',
    make({ reconnect: SECRET }),
  ],
  ['resends', 'a whole number from 0, or Infinity', make({ resends: SECRET })],
  ['fetch', 'a function', make({ fetch: SECRET })],
  ['webSocket', 'a function', make({ webSocket: SECRET })],
  ['allowInsecure', 'true or false', make({ allowInsecure: SECRET })],
  ['profile', 'an object, or a list of objects', make({ profile: 'S3CRET' })],
  ['leaseSecs', 'nothing, as there is no such option', make({ leaseSecs: SECRET })],
  ['options', 'an object', () => new FhircastClient('S3CRET' as never)],
  ['names', 'a list of event names', () => FhircastClient.scopes(SECRET as never)],
  ['name', 'the name of an event', () => client().on?.(SECRET)],
  ['listener', 'a function', () => client().on?.('Patient-open', SECRET)],
  ['listener', 'a function', () => client().subscribe?.(SECRET)],
  ['signal', 'an AbortSignal', () => client().ready?.({ signal: SECRET })],
  ['caughtUp', 'true or false', () => client().ready?.({ caughtUp: SECRET })],
  ['id', 'a text that is not empty', () => client().requestContextChange?.('Home-open', {}, { id: SECRET })],
  // launch
  ['url', 'the URL of the launch, as there is no page', () => clientFromUrl()],
  ['keepUrl', 'true or false', () => clientFromUrl(URL_OF_LAUNCH, { keepUrl: SECRET } as never)],
  ['hubs', 'a list of base URLs or origins', () => clientFromUrl(URL_OF_LAUNCH, { hubs: SECRET } as never)],
  [
    'hubs',
    'the base URLs or origins of the hubs that may have accessToken',
    () => clientFromUrl(URL_OF_LAUNCH, { accessToken: 'S3CRET' }),
  ],
  ['url', 'an https URL', () => clientFromConnector('http://S3CRET.example.org', { username: 'u' } as never)],
  ['username', 'a text that is not empty', () => clientFromConnector(HUB, { username: SECRET } as never)],
  [
    'credentials',
    'clientId and clientSecret as texts that are not empty',
    () => clientFromConnector(HUB, { username: 'u', credentials: 'S3CRET' } as never),
  ],
  ['fhirUrl', 'an https URL', () => hubOfFhirServer('http://S3CRET.example.org')],
  // callbacks
  ['baseUrl', 'an https URL', endpoint({ baseUrl: 'http://S3CRET.example.org' })],
  ['bodyLimit', 'a number above 0', endpoint({ bodyLimit: SECRET })],
  ['answerWithinMs', 'a number above 0, of 2147483647 at most', () => new MemoryRouter({ answerWithinMs: -1 })],
  ['maxWaiting', 'a number from 1', () => new MemoryRouter({ maxWaiting: 0 })],
  ['prefix', '1 to 128 printable ASCII characters without a blank', redis({ prefix: 'S3CRET ' })],
  ['bodyLimit', 'a number above 0', redis({ bodyLimit: SECRET })],
  ['leaseSeconds', 'a number from 0.001 to 2147483', redis({ leaseSeconds: SECRET })],
  ['graceSeconds', 'a number from 0.001 to 2147483', redis({ graceSeconds: SECRET })],
  ['rememberSeconds', 'a number from 0.001 to 2147483', redis({ rememberSeconds: SECRET })],
  // relays
  ['baseUrl', 'an https URL', relay({ baseUrl: 'http://S3CRET.example.org' })],
  ['origins', 'a list of origins, such as https://app.example.org', relay({ origins: ['S3CRET'] })],
  ['graceSeconds', 'a number from 0 to 2147483', relay({ graceSeconds: SECRET })],
  ['bodyLimit', 'a number of 16777216 at most', relay({ bodyLimit: 16777217 })],
  ['maxPages', 'a number above 0', relay({ maxPages: SECRET })],
  ['maxPageBytes', 'a number above 0', relay({ maxPageBytes: SECRET })],
  ['maxBytes', 'a number above 0', relay({ maxBytes: SECRET })],
  ['maxWaiting', 'it to the router instead', relay({ router: new MemoryRouter(), maxWaiting: 1 })],
  ['url', 'an https URL, and have the page on https too', () => relayChannel({ url: 'http://S3CRET.example.org' })],
];

describe('an option that cannot be used', () => {
  it.each(REFUSED)('%s is told by its name, with what it may be: %s', async (at, allowed, act) => {
    const error = await Promise.resolve()
      .then(act)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'option-invalid', at, message: `option-invalid (${at}): Pass ${allowed}.` });
    expect(inspect(error)).not.toContain('S3CRET');
  });
});
