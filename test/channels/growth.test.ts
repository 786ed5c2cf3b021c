import { describe, expect, it } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { readFrame } from '../../src/channels/websocket/frame.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';
import { createRelay } from '../../src/relay/index.ts';
import { PAGE_HEADER } from '../../src/relay/wire.ts';
import { RecordingOwner, sign, TOPIC } from '../callback/support.ts';
import { growth, LIMIT } from '../growth.ts';

const many = (parts: number, part: (index: number) => string) =>
  Array.from({ length: parts }, (_, i) => part(i)).join();

/** Reads, and bears that it is refused: what is refused has been read, too. */
const quiet = (work: (text: string) => unknown) => async (text: string) => {
  try {
    await work(text);
  } catch {
    // It was.
  }
};

const readEvent = quiet((text) => parseNotification(parseJson(text), text));
const frame = quiet(readFrame);

const BASE = 'https://app.example.org';
const callback = createCallbackEndpoint({ baseUrl: `${BASE}/fhircast`, bodyLimit: 16 * 1024 * 1024 });
const registration = callback.open(new RecordingOwner());

const hubAsks = async (method: 'GET' | 'POST', query: string, text: string) => {
  const { url, secret } = await registration;
  const body = new TextEncoder().encode(text);
  const id = url.slice(url.lastIndexOf('/') + 1);
  return callback.handle(id, { method, query, signature: sign(secret, body), body });
};
const verification = quiet((query) => hubAsks('GET', query, ''));
const webhook = quiet((text) => hubAsks('POST', '', text));

const relay = createRelay({ baseUrl: `${BASE}/relay` });
const page = 'a'.repeat(48);
const answers = quiet((body) =>
  relay.fetch(new Request(`${BASE}/relay/answers`, { method: 'POST', headers: { [PAGE_HEADER]: page }, body })),
);
const path = quiet((text) => relay.fetch(new Request(`${BASE}/relay/${text}`, { method: 'POST' })));
const query = quiet((text) => relay.fetch(new Request(`${BASE}/relay/callback/${page}?${text}`)));
const capability = quiet((text) =>
  relay.fetch(new Request(`${BASE}/relay/page`, { method: 'DELETE', headers: { [PAGE_HEADER]: text } })),
);

const event = (inside: string) =>
  `{"timestamp":"","id":"1","event":{"hub.topic":"${TOPIC}","hub.event":"org.example.x","context":[{"key":"k","resource":${inside}}]}}`;
const control = (mode: string, more: string) => `{"hub.mode":"${mode}","hub.topic":"t",${more}}`;
const asked = (mode: string, more: string) => `hub.mode=${mode}&hub.topic=${TOPIC}&hub.challenge=c${more}`;

describe('ten times as much costs no more than a few times as much again, in', () => {
  it.each<[string, (parts: number) => string, (text: string) => Promise<void>]>([
    ['an event of brackets', (n) => event(`${'['.repeat(20 * n)}${']'.repeat(20 * n)}`), readEvent],
    ['an event of objects in each other', (n) => event(`${'{"a":'.repeat(10 * n)}1${'}'.repeat(10 * n)}`), readEvent],
    ['an event of keys', (n) => event(`{"resourceType":"X",${many(n, (i) => `"a${i}":1`)}}`), readEvent],
    ['an event of keys, the last one said before', (n) => event(`{${many(n, (i) => `"a${i}":1`)},"a0":1}`), readEvent],
    ['an event of one key', (n) => event(`{${many(n, () => '"a":1')}}`), readEvent],
    ['an event of texts that look like keys', (n) => event(`{"a":[${many(n, () => '":"')}]}`), readEvent],
    ['an event of escapes', (n) => event(`"${'\\"'.repeat(10 * n)}"`), readEvent],
    ['a denial with a reason', (n) => control('denied', `"hub.reason":"${'<'.repeat(20 * n)}"`), frame],
    [
      'a denial of members',
      (n) =>
        control(
          'denied',
          many(n, (i) => `"a${i}":1`),
        ),
      frame,
    ],
    ['a confirmation of events', (n) => control('subscribe', `"hub.events":"${many(n, (i) => `e${i}`)}"`), frame],
    ['a confirmation of commas', (n) => control('subscribe', `"hub.events":"${','.repeat(20 * n)}"`), frame],
    ['a frame of blanks', (n) => ' '.repeat(20 * n), frame],
    ['a frame of brackets', (n) => '['.repeat(20 * n), frame],
    ['a verification of events', (n) => asked('subscribe', `&hub.events=${many(n, (i) => `e${i}`)}`), verification],
    ['a verification of fields', (n) => asked('subscribe', '&a=1'.repeat(n)), verification],
    [
      'a verification of fields that differ',
      (n) => `${Array.from({ length: n }, (_, i) => `a${i}=1`).join('&')}`,
      verification,
    ],
    ['a denial by query', (n) => asked('denied', `&hub.reason=${'%2f'.repeat(n)}`), verification],
    ['a webhook of brackets', (n) => event(`${'['.repeat(20 * n)}${']'.repeat(20 * n)}`), webhook],
    ['a page’s answer of letters', (n) => JSON.stringify({ id: '1', status: 200, body: 'x'.repeat(10 * n) }), answers],
    ['a page’s answer of brackets', (n) => '['.repeat(10 * n), answers],
    ['a page’s path of slashes', (n) => `${'/'.repeat(n)}page`, path],
    ['a page’s path of escapes', (n) => '%2f'.repeat(n), path],
    ['a query to a page', (n) => '&a=1'.repeat(n), query],
    ['a page’s capability', (n) => 'a'.repeat(10 * n), capability],
  ])('%s', async (_, make, read) => {
    expect(await growth(make, read, 1_500)).toBeLessThan(LIMIT);
  });
});
