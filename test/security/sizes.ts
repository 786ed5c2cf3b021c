import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { readFrame } from '../../src/channels/websocket/frame.ts';
import { checkContext } from '../../src/events/check.ts';
import { parseCurrentContext } from '../../src/events/context-answer.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';
import { fetchDiscovery } from '../../src/hub/discovery.ts';
import { hubOfFhirServer } from '../../src/launch/hub-of-fhir-server.ts';
import { launchOfUrl } from '../../src/launch/launch-url.ts';
import { parseLaunch } from '../../src/launch/parse-launch.ts';
import { parseAnswer, parseContent } from '../../src/redis/envelope.ts';
import { parsePage, parseAnswer as parsePageAnswer, parseRequest } from '../../src/relay/wire.ts';
import { RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { Random } from '../chaos/prng.ts';

/** Where something comes in from outside. */
interface Entry {
  readonly name: string;
  /** What belongs there, by which the shapes are made. */
  readonly message: object;
  /** Whether it is a query, and no JSON. */
  readonly isQuery?: boolean;
  /** Reads what comes from outside, or what the app has parsed of it. */
  read(text: string): unknown;
  /** Whether the app has parsed it before: that is not the package's. */
  readonly isParsed?: boolean;
}

const MIB = 1024 * 1024;

/** As much as is read of a hub's body. In characters. */
const MOST = MIB - 1024;

const event = {
  timestamp: '2026-01-01T00:00:00Z',
  id: 'e1',
  event: {
    'hub.topic': TOPIC,
    'hub.event': 'Patient-open',
    context: [{ key: 'patient', resource: { resourceType: 'Patient', id: 'p1', identifier: [{ value: '1' }] } }],
  },
};

const outcome = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'warning', code: 'processing', diagnostics: 'no', details: { coding: [{ code: 'e1' }] } }],
};

const readEvent = (text: string) => {
  const { name, context } = parseNotification(parseJson(text));
  return checkContext(name, context);
};

const answer = (text: string) => async () => new Response(text, { status: 200 });

const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org' });
const registration = endpoint.open(new RecordingOwner());

/** A request to a callback URL, signed as the hub signs. */
const request = async (method: string, query: string, body: string) => {
  const { url, secret } = await registration;
  const bytes = new TextEncoder().encode(body);
  return endpoint.handle(url.slice(url.lastIndexOf('/') + 1), {
    method,
    query,
    signature: sign(secret, bytes),
    body: bytes,
  });
};

const buffer = (read: (bytes: Buffer) => unknown) => (text: string) => read(Buffer.from(`${text}\n`));

/** Every way into the package. */
export const ENTRIES: readonly Entry[] = [
  { name: 'event', message: event, read: readEvent },
  {
    name: 'SyncError',
    message: {
      ...event,
      event: { ...event.event, 'hub.event': 'SyncError', context: [{ key: 'operationoutcome', resource: outcome }] },
    },
    read: readEvent,
  },
  { name: 'frame', message: event, read: readFrame },
  {
    name: 'confirmation',
    message: { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.events': 'a,b', 'hub.lease_seconds': 1 },
    read: readFrame,
  },
  {
    name: 'denial',
    message: { 'hub.mode': 'denied', 'hub.topic': TOPIC, 'hub.events': 'a,b', 'hub.reason': 'no' },
    read: readFrame,
  },
  { name: 'current context', message: event, read: (text) => parseCurrentContext(text, () => true) },
  {
    name: 'discovery',
    message: { eventsSupported: ['a'], websocketSupport: true, fhircastVersion: 'STU3', getCurrentSupport: true },
    read: (text) =>
      fetchDiscovery('https://hub.example.org', { fetch: answer(text), timeoutMs: 10_000 }, () => {}, undefined),
  },
  {
    name: 'capability statement',
    message: {
      resourceType: 'CapabilityStatement',
      rest: [
        {
          mode: 'server',
          extension: [{ url: 'x', extension: [{ url: 'hub.url', valueUrl: 'https://hub.example.org' }] }],
        },
      ],
    },
    read: (text) => hubOfFhirServer('https://fhir.example.org', { fetch: answer(text) }),
  },
  {
    name: 'token response',
    message: {
      access_token: 't',
      'hub.url': 'https://hub.example.org',
      'hub.topic': TOPIC,
      scope: 'fhircast/*.read',
      context: [{ a: 1 }],
    },
    isParsed: true,
    read: (response) => parseLaunch(response),
  },
  {
    name: 'link',
    message: { 'hub.url': 'https://hub.example.org', 'hub.topic': TOPIC },
    isQuery: true,
    read: (query) => parseLaunch(launchOfUrl(`https://app.example.org/?${query}`)),
  },
  {
    name: 'verification',
    message: {
      'hub.mode': 'subscribe',
      'hub.topic': TOPIC,
      'hub.challenge': 'c',
      'hub.events': 'a,b',
      'hub.lease_seconds': '1',
    },
    isQuery: true,
    read: (query) => request('GET', query, ''),
  },
  { name: 'webhook', message: event, read: (text) => request('POST', '', text) },
  {
    name: 'request of a relay',
    message: { id: '1', method: 'POST', query: '', signature: 'x', body: '' },
    read: parseRequest,
  },
  {
    name: 'page of a relay',
    message: { page: 'a'.repeat(48), callback: 'https://a.example', epoch: '1' },
    read: parsePage,
  },
  { name: 'answer of a page', message: { id: '1', status: 200, body: 'c' }, read: parsePageAnswer },
  {
    name: 'request in Redis',
    message: { m: 'POST', q: '', s: 'x' },
    read: buffer((bytes) => parseContent(bytes, MIB)),
  },
  { name: 'answer in Redis', message: { s: 200, h: { a: 'b' } }, read: buffer(parseAnswer) },
];

const repeated = (text: string, size: number): string => text.repeat(Math.ceil(size / text.length));
const list = (text: string, size: number): string => `[${repeated(`${text},`, size).slice(0, -1)}]`;

/** What is put in the place of a value, of about so many characters. */
const VALUES: Readonly<Record<string, (size: number) => string>> = {
  letters: (size) => JSON.stringify(repeated('a', size)),
  slashes: (size) => JSON.stringify(repeated('/', size)),
  commas: (size) => JSON.stringify(repeated(',', size)),
  blanks: (size) => JSON.stringify(repeated(' ', size)),
  digits: (size) => repeated('9', size),
  'escaped quotation marks': (size) => JSON.stringify(repeated('"', size)),
  'escaped letters': (size) => `"${repeated('\\u0061', size)}"`,
  numbers: (size) => list('1', size),
  texts: (size) => list('"a"', size),
  objects: (size) => list('{}', size),
  entries: (size) => list('{"key":"a","reference":7,"resource":[{"resourceType":"Patient"}]}', size),
  issues: (size) => list('{"severity":"error","details":{"coding":[{"code":"a"}]}}', size),
  extensions: (size) => list('{"url":"hub.url","valueUrl":"https://a.example"}', size),
  members: (size) => `{${Array.from({ length: Math.ceil(size / 10) }, (_, i) => `"a${i}":1`).join()}}`,
  'the same member': (size) => `{${repeated('"a":1,', size)}"a":1}`,
  'arrays in arrays': (size) => `${repeated('[', size / 2)}${repeated(']', size / 2)}`,
  'objects in objects': (size) => `${repeated('{"a":', size / 2)}1${'}'.repeat(Math.ceil(size / 2 / 5))}`,
  'arrays without an end': (size) => repeated('[', size),
};

/** What becomes of a whole message. */
const WHOLES: Readonly<Record<string, (text: string, size: number) => string>> = {
  'blanks before': (text, size) => repeated(' ', size) + text,
  'blanks behind': (text, size) => text + repeated('\n', size),
  'itself in a list': (text, size) => list(text, size),
  'itself as text': (text, size) => JSON.stringify(repeated(text, size)),
  'arrays without an end': (_, size) => repeated('[', size),
  'objects without an end': (_, size) => repeated('{"a":', size),
  members: (text, size) =>
    `${text.slice(0, -1)},${Array.from({ length: Math.ceil(size / 10) }, (_, i) => `"a${i}":1`).join()}}`,
  'members of one name': (text, size) => `${text.slice(0, -1)},${repeated('"id":1,', size)}"id":1}`,
};

/** A mark in the place of a value. */
const HERE = '\u0001';
const HERE_WRITTEN = JSON.stringify(HERE);

/** The message with the mark in the place of each value in turn, whatever it is. */
function* placesIn(value: unknown): Generator<unknown> {
  yield HERE;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value))
    for (const marked of placesIn(child))
      yield Array.isArray(value) ? Object.assign([...value], { [key]: marked }) : { ...value, [key]: marked };
}

const QUERY_VALUES = [
  'a',
  '/',
  ',',
  '%2f',
  '%',
  '+',
  ' ',
  '&a=1',
  '&',
  '=',
  ';',
  '&hub.topic=a',
  '&hub.url=https://a.example',
  '\ud800',
  '#',
  '?',
];

/** One input: how it is made, and of what size. */
export interface SizeCase {
  readonly entry: string;
  readonly shape: string;
  readonly size: number;
  readonly milliseconds: number;
}

interface Shape {
  readonly name: string;
  make(size: number): string;
}

const shapesOf = ({ message, isQuery }: Entry): Shape[] => {
  if (isQuery) {
    const fields = Object.entries(message);
    const query = (at: number, more: string) =>
      fields.map(([name, value], i) => `${name}=${value}${i === at ? more : ''}`).join('&');
    return fields.flatMap(([name], at) =>
      QUERY_VALUES.map((text) => ({
        name: `${JSON.stringify(text)} behind ${name}`,
        make: (size: number) => query(at, repeated(text, size)),
      })),
    );
  }
  const text = JSON.stringify(message);
  const whole = Object.entries(WHOLES).map(([name, make]) => ({ name, make: (size: number) => make(text, size) }));
  const places = [...placesIn(message)].map((marked) => JSON.stringify(marked));
  return [
    ...whole,
    ...places.flatMap((place, at) =>
      Object.entries(VALUES).map(([name, make]) => ({
        name: `${name} in place ${at}`,
        make: (size: number) => place.replace(HERE_WRITTEN, () => make(size)),
      })),
    ),
  ];
};

const ALL = ENTRIES.flatMap((entry) => shapesOf(entry).map((shape) => ({ entry, shape })));

/** What an app would make of a text. */
const parsed = (text: string): string => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** How many shapes there are, of all entries. */
export const SHAPES = ALL.length;

/**
 * Gives inputs of many shapes and sizes to every entry, and takes the time for which each kept everything else waiting.
 *
 * @param seed any integer: the same one makes the same inputs
 * @param count how many. With as many as there are {@link SHAPES}, each comes once
 * @param most the largest size, in characters
 * @returns every case, the longest first
 */
export async function attackBySize(seed: number, count: number, most = MOST): Promise<SizeCase[]> {
  const random = new Random(seed);
  const cases: SizeCase[] = [];
  for (let index = 0; index < count; index++) {
    const { entry, shape } = ALL[index % ALL.length] ?? random.pick(ALL);
    // The first round is of the largest, the others of all sizes.
    const size = index < ALL.length ? most : Math.round(most ** (random.between(10, 100) / 100));
    const text = shape.make(size);
    const input = entry.isParsed ? parsed(text) : text;
    const start = performance.now();
    const spent = process.cpuUsage();
    try {
      await entry.read(input);
    } catch {
      // It was refused, which is as good.
    }
    const { user, system } = process.cpuUsage(spent);
    // A machine that is busy with something else keeps the loop waiting, too, and that is no input's fault.
    const milliseconds = Math.min(performance.now() - start, (user + system) / 1_000);
    cases.push({ entry: entry.name, shape: shape.name, size: text.length, milliseconds });
    // What is measured must not wait for what was before it.
    if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return cases.sort((a, b) => b.milliseconds - a.milliseconds);
}
