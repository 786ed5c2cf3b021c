import type { Patient } from 'fhir/r4';
import { FhircastClient, type FollowOptions, type TokenResponse } from 'fhircast-client';
import {
  type CallbackOwner,
  createCallbackEndpoint,
  type Hmac,
  type HttpCallbackEndpoint,
  platformHmac,
  webHmac,
} from 'fhircast-client/callback';
import type { Followed, Heard, Observations, Outcome } from './observations.ts';

/** What a starter gives the program. */
export interface Stage {
  /** The endpoint that the runtime's own server serves. */
  readonly callback: HttpCallbackEndpoint;
  /** The URL of whoever conducts the test. */
  readonly conductor: string;
}

const toHex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

const utf8 = new TextEncoder();

/** A fingerprint that shows whether every character arrived. */
const digestOf = async (resource: unknown): Promise<string> =>
  toHex(await crypto.subtle.digest('SHA-256', utf8.encode(JSON.stringify(resource))));

/** Tells the conductor how far the program is, and goes on when it answers. */
const tell = async <T>({ conductor }: Stage, moment: string, what: unknown = {}): Promise<T> => {
  const response = await fetch(`${conductor}/${moment}`, { method: 'POST', body: JSON.stringify(what) });
  if (!response.ok) throw new Error(`conductor at ${moment}: ${await response.text()}`);
  return (await response.json()) as T;
};

const attempt = async <T>(work: () => Promise<T>): Promise<Outcome<T>> => {
  try {
    return { done: await work() };
  } catch (error) {
    return { failed: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error) };
  }
};

/** Follows a session from the subscription to its end. */
async function follow(stage: Stage, part: string, options: FollowOptions): Promise<Followed> {
  const { launch, patient } = await tell<{ launch: TokenResponse; patient: Patient }>(stage, `${part}/launch`);
  const client = await FhircastClient.fromSmartLaunch(launch, options);
  const heard: Promise<Heard>[] = [];
  const errors: string[] = [];
  client.on('error', ({ code }) => errors.push(code));
  client.on('Patient-close', ({ name }) => heard.push(Promise.resolve({ name, digest: '' })));
  client.on('Patient-open', ({ name, patient: opened }) => {
    const isOwn = opened?.id === patient.id;
    if (!isOwn) heard.push(digestOf(opened).then((digest) => ({ name, digest })));
  });
  await client.ready();
  const { channel } = client.hub;
  await tell(stage, `${part}/subscribed`);
  const current = (await client.getCurrentContext())?.patient?.id;
  const { accepted } = await client.requestContextChange('Patient-open', { patient });
  await tell(stage, `${part}/changed`);
  await client.unsubscribe();
  await tell(stage, `${part}/unsubscribed`);
  return { channel, heard: await Promise.all(heard), current, accepted, errors, state: client.state };
}

/** Large and small bodies in turns: the check of a small one is done before that of a large one that came first. */
const BODIES: readonly string[] = Array.from({ length: 12 }, (_, index) =>
  `${index}`.padEnd(index % 2 === 0 ? 1_000_000 : 20, '.'),
);

/** Hands signed requests to an endpoint all at once, and tells in which order the owner gets them. */
async function order(hmac?: (secret: string) => Hmac): Promise<number[]> {
  const heard: number[] = [];
  const owner: CallbackOwner = {
    verify: () => true,
    deny: () => true,
    notify: (body) => {
      heard.push(Number.parseInt(body, 10));
      return 200;
    },
    rejected: () => {},
  };
  const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast', ...(hmac ? { hmac } : {}) });
  const { url, secret, close } = await endpoint.open(owner, { hubUrl: 'https://hub.example.org', topic: 'desk' });
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', utf8.encode(secret), algorithm, false, ['sign']);
  const requests = await Promise.all(
    BODIES.map(async (text) => {
      const body = utf8.encode(text);
      const signature = `sha256=${toHex(await crypto.subtle.sign('HMAC', key, body))}`;
      return { method: 'POST', query: '', signature, body };
    }),
  );
  const id = url.split('/').at(-1) ?? '';
  await Promise.all(requests.map((request) => endpoint.handle(id, request)));
  await close();
  return heard;
}

/** Which implementation checks signatures here: that of Node answers at once. */
const cryptoUsed = (): string =>
  platformHmac('a secret').verify('sha256', new Uint8Array(1), new Uint8Array(32)) instanceof Promise
    ? 'WebCrypto'
    : 'node:crypto';

const runtimeName = (): string => {
  const versions: Readonly<Record<string, string | undefined>> = globalThis.process?.versions ?? {};
  // Bun and Deno tell the version of Node.js that they resemble, too.
  if (/Cloudflare/.test(globalThis.navigator?.userAgent)) return navigator.userAgent;
  const kind = ['bun', 'deno', 'node'].find((name) => versions[name] !== undefined) ?? 'unknown';
  return `${kind} ${versions[kind]}`;
};

/**
 * The program that runs on every runtime: it follows a session by webhook and by websocket, and reports what it saw.
 *
 * @param stage what it runs on
 */
export async function play(stage: Stage): Promise<void> {
  const Own = globalThis.WebSocket as typeof WebSocket | undefined;
  const observations: Observations = {
    runtime: runtimeName(),
    crypto: cryptoUsed(),
    webhook: await attempt(() => follow(stage, 'webhook', { callback: stage.callback })),
    websocket: await attempt(() => follow(stage, 'websocket', {})),
    ownWebsocket: Own
      ? await attempt(() => follow(stage, 'ownWebsocket', { webSocket: (url) => new Own(url) }))
      : undefined,
    order: await attempt(() => order()),
    webCryptoOrder: await attempt(() => order(webHmac)),
  };
  await tell(stage, 'done', observations);
}

/** Tells the conductor where the runtime's server listens. */
export const listening = (conductor: string, port: number): Promise<unknown> =>
  tell({ conductor } as Stage, 'listening', { port });
