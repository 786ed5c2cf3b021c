import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeHmac, webHmac } from '../../src/callback/index.ts';
import { BODY, listen, openSocket, openSubscription, RecordingOwner, sign } from '../callback/support.ts';

const src = resolve(import.meta.dirname, '../../src');

/** Every source of what is shipped to apps, without the hub for their tests. */
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('testing'))
  .map((name) => ({ name, text: readFileSync(join(src, name), 'utf8') }));

describe('A signature is weakened', () => {
  it.each<[string, (secret: string) => string | undefined]>([
    ['to none', () => undefined],
    ['to an empty one', () => ''],
    ['to a method without digits', () => 'sha256='],
    ['to sha1, made with the right secret', (secret) => sign(secret, BODY, 'sha1')],
    ['to md5', (secret) => sign(secret, BODY, 'md5')],
    ['to sha224, which is stronger than sha1 and not of the specification', (secret) => sign(secret, BODY, 'sha224')],
    ['to a method that there is not', () => 'none='],
    ['to what every object has', () => `hasOwnProperty=${'00'.repeat(32)}`],
    ['to the beginning of the right one', (secret) => sign(secret, BODY).slice(0, 'sha256='.length + 8)],
    ['to another method of the same digits', (secret) => sign(secret, BODY).replace('sha256', 'sha512')],
    [
      'to the digest of the body, without a secret',
      () => `sha256=${createHmac('sha256', '').update(BODY).digest('hex')}`,
    ],
    ['to a choice of a wrong and a right one', (secret) => `sha256=${'00'.repeat(32)},${sign(secret, BODY)}`],
    ['to a right and a wrong one', (secret) => `${sign(secret, BODY)};sha256=${'00'.repeat(32)}`],
  ])('%s: 401, and nothing is delivered', async (_, signatureOf) => {
    const { request, owner, secret } = await openSubscription();
    const answer = await request({ signature: signatureOf(secret), body: Buffer.from(BODY) });
    expect(answer).toMatchObject({ status: 401, body: '' });
    expect(owner.bodies).toEqual([]);
    expect(owner.errors).toHaveLength(1);
  });

  it.each([
    ['right, then wrong', 0],
    ['wrong, then right', 1],
  ])('by two headers (%s): 401', async (_, at) => {
    const { endpoint, id, owner, secret } = await openSubscription();
    const { port } = await listen(endpoint.node);
    const signatures = [`sha256=${'00'.repeat(32)}`];
    signatures.splice(at, 0, sign(secret, BODY));
    const { socket, answered } = await openSocket(port);
    const status = answered(/^HTTP\/1\.1 \d{3}/);
    const lines = signatures.map((signature) => `X-Hub-Signature: ${signature}\r\n`).join('');
    socket.write(`POST /${id} HTTP/1.1\r\nHost: a\r\n${lines}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    expect(await status).toMatch(/^HTTP\/1\.1 401/);
    const headers = new Headers(signatures.map((signature) => ['X-Hub-Signature', signature] as [string, string]));
    const web = new Request(`https://app.example.org/${id}`, { method: 'POST', body: BODY, headers });
    expect((await endpoint.fetch(web)).status).toBe(401);
    expect(owner.bodies).toEqual([]);
  });
});

describe('A body is swapped', () => {
  it('with that of another subscription: 401, in both directions', async () => {
    const first = await openSubscription();
    const owner = new RecordingOwner();
    const second = await first.endpoint.open(owner);
    const secondId = second.url.split('/').at(-1) ?? '';
    const theirs = BODY.replace('e1', 'e2');
    const post = (id: string, body: string, signature: string) =>
      first.endpoint.handle(id, { method: 'POST', query: '', signature, body: Buffer.from(body) });
    const ofFirst = sign(first.secret, BODY);
    const ofSecond = sign(second.secret, theirs);
    // The whole message at the other URL, the body under the other signature, and the signature over the other body.
    expect(await post(secondId, BODY, ofFirst)).toMatchObject({ status: 401 });
    expect(await post(first.id, theirs, ofSecond)).toMatchObject({ status: 401 });
    expect(await post(first.id, theirs, ofFirst)).toMatchObject({ status: 401 });
    expect(await post(secondId, BODY, ofSecond)).toMatchObject({ status: 401 });
    expect([first.owner.bodies, owner.bodies]).toEqual([[], []]);
    expect(await post(first.id, BODY, ofFirst)).toMatchObject({ status: 200 });
    expect(await post(secondId, theirs, ofSecond)).toMatchObject({ status: 200 });
  });

  it('with its own, changed by a bit, cut or made longer: 401', async () => {
    const { request, owner, secret } = await openSubscription();
    const signature = sign(secret, BODY);
    const bytes = Buffer.from(BODY);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await request({ signature, body: changed })).toMatchObject({ status: 401 });
      expect(await request({ signature, body: bytes.subarray(0, at) })).toMatchObject({ status: 401 });
    }
    expect(await request({ signature, body: Buffer.from(`${BODY} `) })).toMatchObject({ status: 401 });
    expect(owner.bodies).toEqual([]);
  });
});

describe('A secret is found by the time that comparing takes', () => {
  it('which is always of whole digests, by what the platform has for it', async () => {
    const compared: [number, number][] = [];
    const crypto = await import('node:crypto');
    const hmac = nodeHmac(
      {
        ...crypto,
        timingSafeEqual: (one, other) => {
          compared.push([one.byteLength, other.byteLength]);
          return crypto.timingSafeEqual(one, other);
        },
      },
      'secret',
    );
    const right = createHmac('sha256', 'secret').update(BODY).digest();
    const early = Buffer.from(right);
    early[0] = (early[0] ?? 0) ^ 1;
    const late = Buffer.from(right);
    late[31] = (late[31] ?? 0) ^ 1;
    const body = Buffer.from(BODY);
    expect([right, early, late].map((signature) => hmac.verify('sha256', body, signature))).toEqual([
      true,
      false,
      false,
    ]);
    expect(compared).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
    const web = webHmac('secret');
    expect(await web.verify('sha256', body, right)).toBe(true);
    expect(await web.verify('sha256', body, late)).toBe(false);
  });

  it('and a digest is made in one place only, and nothing secret is compared elsewhere', () => {
    const makers = sources
      .filter(({ text }) => /\bcreateHmac\b|subtle\s*\.\s*sign\b/.test(text))
      .map(({ name }) => name);
    expect(makers).toEqual(['callback/hmac.ts']);
    const hmac = sources.find(({ name }) => name === 'callback/hmac.ts')?.text ?? '';
    expect(hmac).toMatch(/timingSafeEqual\(expected, signature\)/);
    expect(hmac).toMatch(/crypto\.subtle\.verify\('HMAC'/);
    // `secret === undefined` asks whether there is one; `.length` is known to everybody.
    const comparison =
      /\b\w*(?:secret|signature|digest|hmac|password)\w*\)?\s*[!=]==?(?![=]|\s*(?:undefined\b|null\b|'|"))|[!=]==?\s*\b(?:\w+\.)*\w*(?:secret|signature|digest|hmac|password)\b(?!\.length)/gi;
    const found = sources.flatMap(({ name, text }) =>
      [...text.matchAll(comparison)].map(([match]) => `${name}: ${match}`),
    );
    expect(found).toEqual([]);
    expect('if (secret === given) {'.match(comparison)).not.toBeNull();
    expect('return given !== this.signature;'.match(comparison)).not.toBeNull();
  });
});
