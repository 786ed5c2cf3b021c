import { createHmac } from 'node:crypto';
import { Random } from '../chaos/prng.ts';
import { isGenuine, TOPIC } from './oracle.ts';

const BODY = JSON.stringify({ id: 'e1', event: { 'hub.topic': TOPIC, context: [{ name: 'Zebedee Quux' }] } });

/** The subscription that is attacked. */
export interface Target {
  readonly id: string;
  readonly secret: string;
}

/** A request that may be anything, near to what a hub sends. */
export interface Mutant {
  readonly method: string;
  /** The last segment of the path. */
  readonly id: string;
  readonly query: string;
  readonly signature: string | undefined;
  readonly body: Buffer;
  /** Changes the whole text of the request on a connection; mostly it does not. */
  readonly onTheWire: (text: string) => string;
  /** Into how many pieces the body is cut where it is sent as a stream. */
  readonly pieces: number;
}

const QUERY = `hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=c-1&hub.lease_seconds=7200&hub.events=Patient-open`;
const DENIAL = `hub.mode=denied&hub.topic=${TOPIC}&hub.reason=over&hub.events=Patient-open`;

/** What is known to confuse what reads requests. */
const AWKWARD: readonly string[] = [
  '\u0000',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '%',
  '%00',
  '%ff',
  '&',
  '=',
  ',',
  ';',
  '<b>',
  '"',
  '__proto__',
  'constructor',
  '../',
  '//',
  '?',
  '#',
  '\u00fc',
  '\u{1f600}',
  '\ufeff',
  '0',
  '-1',
  '1e999',
  'hub.mode=denied',
  'hub.topic=another',
  'X-Hub-Signature: sha256=00',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'A'.repeat(70),
];

const HASHES = ['sha256', 'sha384', 'sha512', 'sha1'] as const;

const digest = (method: string, secret: string, body: string | Uint8Array): string =>
  createHmac(method, secret).update(body).digest('hex');

/** A text with some of it cut out, doubled, replaced or moved. */
function mutated(random: Random, text: string, most = 3): string {
  let so = text;
  for (let cuts = random.between(1, most); cuts > 0; cuts--) {
    const at = random.between(0, so.length);
    const length = random.between(0, 8);
    const into = random.weighted<() => string>([
      [4, () => random.pick(AWKWARD)],
      [3, () => String.fromCodePoint(random.between(0, 0xff))],
      [2, () => ''],
      [1, () => so.slice(0, 200)],
    ])();
    so = so.slice(0, at) + into + so.slice(at + length);
  }
  return so;
}

const bodyOf = (random: Random): Buffer =>
  random.weighted<() => Buffer>([
    [5, () => Buffer.from(mutated(random, BODY))],
    [3, () => Buffer.from(BODY)],
    [1, () => Buffer.from(Array.from({ length: random.between(0, 60) }, () => random.between(0, 255)))],
    [1, () => Buffer.alloc(random.between(0, 9_000), 'x')],
  ])();

/** Signatures of whoever has seen one, but has no secret; and what a hub of no good sends. */
const signatureOf = (random: Random, { secret }: Target, body: Buffer): string | undefined =>
  random.weighted<() => string | undefined>([
    [4, () => `sha256=${digest('sha256', secret, BODY)}`],
    [4, () => mutated(random, `sha256=${digest('sha256', secret, body)}`)],
    [2, () => `sha1=${digest('sha1', secret, body)}`],
    [2, () => `${random.pick(HASHES)}=${digest(random.pick(HASHES), secret, body)}`],
    [2, () => `sha256=${digest('sha256', '0'.repeat(64), body)}`],
    [1, () => `sha256=${createHmac('sha256', body).update(secret).digest('hex')}`],
    [1, () => digest('sha256', secret, body)],
    [1, () => `sha256=${digest('sha256', secret, body)}, sha256=${digest('sha256', secret, body)}`],
    [1, () => `sha256=${'0'.repeat(64)}`],
    [1, () => random.pick(AWKWARD)],
    [1, () => undefined],
  ])();

/** One request in so many is as the hub sends it, and must be taken: an endpoint that refused everything would be safe, too. */
const ORIGINALS = 21;

/**
 * Whether a request is one of those that nobody changed.
 *
 * @param index the number of the request
 */
export const isOriginal = (index: number): boolean => index % ORIGINALS === 0;

const originalOf = (random: Random, { id, secret }: Target): Mutant => {
  const isEvent = random.chance(0.5);
  return {
    method: isEvent ? 'POST' : 'GET',
    id,
    query: isEvent ? '' : QUERY,
    signature: isEvent ? `sha256=${digest('sha256', secret, BODY)}` : undefined,
    body: Buffer.from(isEvent ? BODY : ''),
    onTheWire: (text) => text,
    pieces: random.between(1, 4),
  };
};

const mutantOf = (random: Random, target: Target): Mutant => {
  const body = bodyOf(random);
  const method = random.weighted<string>([
    [12, 'POST'],
    [5, 'GET'],
    [1, random.pick(['PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'post', 'Get'])],
  ]);
  const onTheWire = random.chance(0.3) ? random.between(0, 2 ** 31) : undefined;
  return {
    method,
    id: random.chance(0.85) ? target.id : mutated(random, target.id),
    query: method === 'POST' && random.chance(0.8) ? '' : mutated(random, random.pick([QUERY, QUERY, DENIAL])),
    signature: signatureOf(random, target, body),
    body,
    onTheWire: (text) => (onTheWire === undefined ? text : mutated(new Random(onTheWire), text)),
    pieces: random.between(1, 4),
  };
};

/**
 * Makes a request that must be refused, or one in twenty-one that must not. The same seed, index and target always make the
 * same one.
 *
 * @param seed any integer
 * @param index the number of the request
 * @param target whose URL and secret it is made of
 */
export function mutantAt(seed: number, index: number, target: Target): Mutant {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  if (isOriginal(index)) return originalOf(random, target);
  // What was changed may say the same as before: another lease, or nothing at all.
  for (;;) {
    const mutant = mutantOf(random, target);
    if (!isGenuine(mutant, target)) return mutant;
  }
}
