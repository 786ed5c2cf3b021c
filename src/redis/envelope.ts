import { ROUTER_ANSWERS } from '../callback/callback-router.ts';
import {
  answerOf,
  type CallbackAnswer,
  type CallbackRequest,
  QUERY_LIMIT,
  SIGNATURE_LIMIT,
} from '../callback/request.ts';
import { parseShallow } from '../callback/shallow-json.ts';

/** The two ends of a request: the instance that passes it on, and the name by which it waits there. */
export interface Origin {
  readonly from: string;
  readonly request: string;
}

/** A request as it lies in Redis. */
export interface Envelope extends Origin {
  readonly content: CallbackRequest;
}

/** What an owner that failed is answered for. The endpoint that passed the request on counts and answers it. */
export const FAILED: CallbackAnswer = Object.freeze(answerOf(500));

/** Six times the query, should each character be escaped, and some more. */
const META_LIMIT = 6 * (QUERY_LIMIT + SIGNATURE_LIMIT) + 256;

const HEADER_LIMIT = 512;
const HEADERS_LIMIT = 16;
const ANSWER_LIMIT = 65_536;
const LINE = 10;

const METHOD = /^[!-~]{0,32}$/;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[ -~]{0,1024}$/;
const UUID = /^[0-9a-f-]{36}$/;

/** What keeps a challenge from being interpreted is not for somebody else to say, and no answer sets cookies. */
const FORBIDDEN_HEADERS: readonly string[] = [
  'cache-control',
  'content-length',
  'content-security-policy',
  'set-cookie',
  'transfer-encoding',
  'x-content-type-options',
];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first line of some bytes, and what follows it. */
const splitLine = (bytes: Buffer, limit: number): readonly [line: Buffer, rest: Buffer] | undefined => {
  const end = bytes.subarray(0, limit + 1).indexOf(LINE);
  return end < 0 ? undefined : [bytes.subarray(0, end), bytes.subarray(end + 1)];
};

const jsonOf = (line: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    return parseShallow(utf8.decode(line), { length: META_LIMIT });
  } catch {
    return undefined;
  }
};

/** A message's fields, and what follows its first line. */
export interface Message {
  readonly fields: readonly string[];
  readonly rest: Buffer;
}

/**
 * Reads the first line of a message.
 *
 * @param message as it came
 * @returns `undefined` when it has none
 */
export function parseMessage(message: Buffer): Message | undefined {
  const split = splitLine(message, HEADER_LIMIT);
  return split && { fields: split[0].toString('latin1').split(' '), rest: split[1] };
}

/**
 * Reads what came to an instance: one message, or several behind a line that begins with `m` and has their lengths.
 *
 * @param bytes as they came
 * @returns the messages in their order; `undefined` for what is none
 */
export function parseMessages(bytes: Buffer): readonly (Message | undefined)[] {
  const first = parseMessage(bytes);
  if (first?.fields[0] !== 'm') return [first];
  let at = 0;
  return first.fields.slice(1).map((length) => {
    const start = at;
    at += /^\d{1,9}$/.test(length) ? Number(length) : Number.NaN;
    const message = at <= first.rest.byteLength ? parseMessage(first.rest.subarray(start, at)) : undefined;
    return message?.fields[0] === 'm' ? undefined : message;
  });
}

/** Whether a text is the name of an instance, a registration or a request. */
export const isName = (text: string | undefined): text is string => text !== undefined && UUID.test(text);

/**
 * Writes a request down.
 *
 * @param origin whence it comes
 * @param content the request
 * @param bodyLimit the largest body, in bytes
 */
export function encodeRequest({ from, request }: Origin, content: CallbackRequest, bodyLimit: number): Buffer {
  const { method, query, signature, body } = content;
  const isTooLarge = body === 'too-large' || body.byteLength > bodyLimit;
  const meta = JSON.stringify({
    m: METHOD.test(method) ? method : '?',
    q: query,
    ...(signature === undefined ? {} : { s: signature.slice(0, SIGNATURE_LIMIT) }),
    ...(isTooLarge ? { l: true } : {}),
  });
  const head = Buffer.from(`${from} ${request}\n${meta}\n`);
  return isTooLarge ? head : Buffer.concat([head, body]);
}

/**
 * Reads the second line of an envelope and its body. It comes out of Redis, and may be anything.
 *
 * @param rest what follows the first line
 * @param bodyLimit the largest body, in bytes
 * @returns `undefined` when it is no request
 */
export function parseContent(rest: Buffer, bodyLimit: number): CallbackRequest | undefined {
  const [line, body] = splitLine(rest, META_LIMIT) ?? [];
  const meta = line && jsonOf(line);
  if (!meta || !body || body.byteLength > bodyLimit) return undefined;
  const { m: method, q: query, s: signature, l: isTooLarge } = meta;
  if (typeof method !== 'string' || !METHOD.test(method)) return undefined;
  if (typeof query !== 'string' || query.length > QUERY_LIMIT) return undefined;
  if (signature !== undefined && (typeof signature !== 'string' || signature.length > SIGNATURE_LIMIT))
    return undefined;
  if (isTooLarge !== undefined && (isTooLarge !== true || body.byteLength > 0)) return undefined;
  return { method, query, signature, body: isTooLarge ? 'too-large' : body };
}

/**
 * Reads a whole envelope.
 *
 * @param bytes as they lay in Redis
 * @param bodyLimit the largest body, in bytes
 * @returns `undefined` when it is none. Without `content` when it is known only whose it was
 */
export function parseEnvelope(bytes: Buffer, bodyLimit: number): (Origin & Partial<Envelope>) | undefined {
  const { fields, rest } = parseMessage(bytes) ?? {};
  const [from, request, more] = fields ?? [];
  if (!isName(from) || !isName(request) || more !== undefined || !rest) return undefined;
  const content = parseContent(rest, bodyLimit);
  return { from, request, ...(content ? { content } : {}) };
}

const routerNames = new Map<CallbackAnswer, string>([
  ...Object.entries(ROUTER_ANSWERS).map(([name, answer]) => [answer, name] as const),
  [FAILED, 'failed'],
]);
const routerAnswers = new Map([...routerNames].map(([answer, name]) => [name, answer]));

const headersOf = (value: unknown): Record<string, string> | undefined => {
  if (!isRecord(value)) return undefined;
  const headers: Record<string, string> = {};
  const entries = Object.entries(value);
  if (entries.length > HEADERS_LIMIT) return undefined;
  for (const [name, text] of entries) {
    if (!HEADER_NAME.test(name) || FORBIDDEN_HEADERS.includes(name.toLowerCase())) return undefined;
    if (typeof text !== 'string' || !HEADER_VALUE.test(text)) return undefined;
    headers[name] = text;
  }
  return headers;
};

/**
 * Writes an answer down. What cannot be passed on counts as a failure of its owner.
 *
 * @param request the name of the request
 * @param answer its owner's
 */
export function encodeAnswer(request: string, answer: CallbackAnswer): Buffer {
  const name = routerNames.get(answer);
  const rest = name === undefined ? contentOf(answer) : Buffer.from(`${JSON.stringify({ r: name })}\n`);
  return rest ? Buffer.concat([Buffer.from(`a ${request}\n`), rest]) : encodeAnswer(request, FAILED);
}

/** An answer that is not passed on through Redis, and still may only be what could be. Anything else counts as a failure of its owner. */
export const passableAnswer = (answer: CallbackAnswer): CallbackAnswer =>
  routerNames.has(answer) || contentOf(answer) ? answer : FAILED;

const contentOf = ({ status, body, headers }: CallbackAnswer): Buffer | undefined => {
  try {
    const rest = Buffer.from(`${JSON.stringify({ s: status, ...(headers ? { h: headers } : {}) })}\n${body}`);
    return parseAnswer(rest) ? rest : undefined;
  } catch {
    // Not even text.
    return undefined;
  }
};

/**
 * Reads an answer. It comes out of Redis, and may be anything.
 *
 * @param rest what follows the first line
 * @returns `undefined` when it is none
 */
export function parseAnswer(rest: Buffer): CallbackAnswer | undefined {
  const [line, bytes] = splitLine(rest, META_LIMIT) ?? [];
  const meta = line && jsonOf(line);
  if (!meta || !bytes || bytes.byteLength > ANSWER_LIMIT) return undefined;
  if (meta.r !== undefined) return typeof meta.r === 'string' ? routerAnswers.get(meta.r) : undefined;
  const { s: status, h: given } = meta;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return undefined;
  const headers = given === undefined ? undefined : headersOf(given);
  if (given !== undefined && !headers) return undefined;
  try {
    return { status, body: utf8.decode(bytes), ...(headers ? { headers } : {}) };
  } catch {
    return undefined;
  }
}
