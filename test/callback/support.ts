import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { type CallbackEndpointOptions, createCallbackEndpoint } from '../../src/callback/index.ts';
import type { CallbackRequest } from '../../src/callback/request.ts';
import type { CallbackOwner, Denial, Verification } from '../../src/channels/callback.ts';
import type { FhircastError } from '../../src/errors/errors.ts';

export const TOPIC = 'topic-6f1f2a';

/** Stands for health information: it must not be seen outside of the app. */
export const PATIENT = 'Zebedee Quux';

export const BODY = JSON.stringify({ id: 'e1', event: { 'hub.topic': TOPIC, context: [{ name: PATIENT }] } });

/** A notification's signature, as a hub makes it. */
export const sign = (secret: string, body: string | Uint8Array, method = 'sha256'): string =>
  `${method}=${createHmac(method, secret).update(body).digest('hex')}`;

/** An owner that agrees to its topic and keeps what it is told. */
export class RecordingOwner implements CallbackOwner {
  readonly verifications: Verification[] = [];
  readonly denials: Denial[] = [];
  readonly bodies: string[] = [];
  readonly errors: FhircastError[] = [];
  readonly refusals: string[] = [];
  readonly #answer: (body: string) => number | Promise<number>;

  constructor(answer: (body: string) => number | Promise<number> = () => 200) {
    this.#answer = answer;
  }

  acceptsUnverified?: () => boolean;

  verify(verification: Verification): boolean {
    this.verifications.push(verification);
    return verification.topic === TOPIC;
  }

  deny(denial: Denial): boolean {
    this.denials.push(denial);
    return denial.topic === TOPIC;
  }

  notify(body: string): number | Promise<number> {
    this.bodies.push(body);
    return this.#answer(body);
  }

  refused(at: string): void {
    this.refusals.push(at);
  }

  rejected(error: FhircastError): void {
    this.errors.push(error);
  }

  get codes(): string[] {
    return this.errors.map(({ code }) => code);
  }
}

export interface SetUp<Owner extends CallbackOwner> extends Partial<CallbackEndpointOptions> {
  owner?: Owner;
}

/** An endpoint with one subscription. */
export async function openSubscription<Owner extends CallbackOwner = RecordingOwner>(setUp: SetUp<Owner> = {}) {
  const { owner = new RecordingOwner() as CallbackOwner as Owner, ...options } = setUp;
  const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast', ...options });
  const registration = await endpoint.open(owner);
  const id = new URL(registration.url).pathname.split('/').at(-1) ?? '';
  const bytes = (body: string | Uint8Array) => (typeof body === 'string' ? new TextEncoder().encode(body) : body);
  return {
    endpoint,
    owner,
    registration,
    id,
    secret: registration.secret,
    get: (query: string) => endpoint.handle(id, { method: 'GET', query, signature: undefined, body: bytes('') }),
    post: (body: string | Uint8Array, signature: string | undefined = sign(registration.secret, body)) =>
      endpoint.handle(id, { method: 'POST', query: '', signature, body: bytes(body) }),
    request: (request: Partial<CallbackRequest>) =>
      endpoint.handle(id, { method: 'POST', query: '', signature: undefined, body: bytes(''), ...request }),
  };
}

/** A server on a free port that closes with the test. */
export async function listen(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, origin: `http://127.0.0.1:${port}` };
}

/** What a raw connection ended with. */
export interface RawEnd {
  /** Whatever arrived, as text. */
  text: string;
  /** The socket's error, if it had one. */
  error: NodeJS.ErrnoException | undefined;
}

/** A raw connection: it sends what it likes. */
export async function openSocket(port: number) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const end: RawEnd = { text: '', error: undefined };
  socket.setEncoding('latin1');
  socket.on('error', (error) => {
    end.error = error;
  });
  const closed = new Promise<RawEnd>((resolve) => socket.once('close', () => resolve(end)));
  await once(socket, 'connect');
  return {
    socket,
    /** Resolves when the connection is gone, however it went. */
    closed,
    /** Resolves when that much of an answer has arrived, or rejects when the connection went without it. */
    answered: (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        socket.on('data', (text: string) => {
          end.text += text;
          if (pattern.test(end.text)) resolve(end.text);
        });
        socket.once('close', () => reject(end.error ?? new Error('closed without an answer')));
      }),
  };
}
