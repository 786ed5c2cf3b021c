import { connect } from 'node:net';
import type { HttpCallbackEndpoint } from '../../src/callback/index.ts';
import type { Mutant } from './mutants.ts';

/** Bodies over it are refused, in bytes. Some mutants are. */
export const BODY_LIMIT = 8_192;

/** A request that has no answer by then has hung. In milliseconds. */
const HUNG_MS = 20_000;

/** What came of one request. */
export interface Outcome {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly body: string;
  /** Everything that was sent back. */
  readonly text: string;
  /** What was sent, where it was a text. */
  readonly wire?: string;
  /** What was sent, where it is not what was to be sent. */
  readonly sent?: Mutant;
}

/**
 * Calls the endpoint itself.
 *
 * @param endpoint what is attacked
 * @param mutant the request
 */
export const plain = async (endpoint: HttpCallbackEndpoint, mutant: Mutant): Promise<Outcome> => {
  const { method, id, query, signature, body } = mutant;
  const isTooLarge = body.length > BODY_LIMIT;
  const answer = await endpoint.handle(id, { method, query, signature, body: isTooLarge ? 'too-large' : body });
  return { ...answer, text: answer.body };
};

const streamOf = (body: Buffer, pieces: number): ReadableStream<Uint8Array> => {
  const size = Math.ceil(body.length / pieces);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(new Uint8Array(body.subarray(at, at + size)));
      at += size;
    },
  });
};

/**
 * Calls the web skin, as a web-standard server does.
 *
 * @param endpoint what is attacked
 * @param mutant the request
 * @returns `undefined` when the platform refuses to make such a request
 */
export const web = async (endpoint: HttpCallbackEndpoint, mutant: Mutant): Promise<Outcome | undefined> => {
  const { method, id, query, signature, body, pieces } = mutant;
  let request: Request;
  try {
    const url = new URL('https://app.example.org/fhircast/');
    url.pathname += id;
    url.search = query;
    const headers = new Headers(signature === undefined ? {} : { 'x-hub-signature': signature });
    const hasBody = !/^(get|head)$/i.test(method);
    request = new Request(url, {
      method,
      headers,
      ...(hasBody ? { body: streamOf(body, pieces), duplex: 'half' } : {}),
    } as RequestInit);
  } catch {
    return undefined;
  }
  const response = await endpoint.fetch(request);
  const text = await response.text();
  // Platforms tidy up URLs and headers.
  const path = new URL(request.url);
  const sent = {
    ...mutant,
    method: request.method,
    id: path.pathname.split('/').at(-1) ?? '',
    query: path.search.slice(1),
    signature: request.headers.get('x-hub-signature') ?? undefined,
  };
  return { status: response.status, body: text, text, sent };
};

const wireOf = ({ method, id, query, signature, body, onTheWire }: Mutant): string => {
  const head = [
    `${method} /fhircast/${id}${query === '' ? '' : `?${query}`} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    `Content-Length: ${body.length}`,
    ...(signature === undefined ? [] : [`X-Hub-Signature: ${signature}`]),
  ];
  return onTheWire(`${head.join('\r\n')}\r\n\r\n${body.toString('latin1')}`);
};

/**
 * Sends a request as a text over a connection of its own, and waits until the server has closed it.
 *
 * @param port where the node skin listens on this machine
 * @param mutant the request
 * @throws Error when the server does not close the connection
 */
export const raw = async (port: number, mutant: Mutant): Promise<Outcome> => {
  const wire = wireOf(mutant);
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (data: string) => {
    text += data;
  });
  // A reset is what some servers answer rubbish with.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let isHung = false;
  socket.setTimeout(HUNG_MS, () => {
    isHung = true;
    socket.destroy();
  });
  socket.end(wire, 'latin1');
  await closed;
  if (isHung) throw new Error('the connection hung');
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
  return { status: Number(status), body: text.split('\r\n\r\n')[1] ?? '', text, wire };
};
