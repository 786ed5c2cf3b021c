import * as nodeCrypto from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHmac, platformHmac, signatureFault, webHmac } from '../../src/callback/index.ts';
import { sign } from './support.ts';

const METHODS = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
const bytes = fc.uint8Array({ maxLength: 200 });
const secrets = fc.string({ minLength: 1, maxLength: 80 });
const methods = fc.constantFrom(...METHODS);

const IMPLEMENTATIONS = {
  nodeHmac: (secret: string) => nodeHmac(nodeCrypto, secret),
  webHmac,
};

/** The letters of a text in the other case where a bit is set. */
const mixCase = (text: string, mask: readonly boolean[]) =>
  [...text].map((letter, index) => (mask[index % mask.length] ? letter.toUpperCase() : letter)).join('');

const flip = (body: Uint8Array, bit: number): Uint8Array => {
  const changed = Uint8Array.from(body);
  const index = (bit >> 3) % body.length;
  changed[index] = (changed[index] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

describe.each(Object.entries(IMPLEMENTATIONS))('signatures with %s', { timeout: 30_000 }, (_name, hmacOf) => {
  const codeOf = async (secret: string, header: string | undefined, body: Uint8Array, allowSha1 = true) =>
    (await signatureFault(hmacOf(secret), header, body, allowSha1))?.code;

  it('accepts every method, with hexadecimal digits of either case', async () => {
    await fc.assert(
      fc.asyncProperty(methods, secrets, bytes, fc.array(fc.boolean(), { minLength: 1 }), async (...drawn) => {
        const [method, secret, body, mask] = drawn;
        expect(await codeOf(secret, mixCase(sign(secret, body, method), mask), body)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('fails when any bit of the body changes', async () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(methods, secrets, body, fc.nat(), async (method, secret, sent, bit) => {
        expect(await codeOf(secret, sign(secret, sent, method), flip(sent, bit))).toBe('signature-mismatch');
      }),
      { numRuns: 100 },
    );
  });

  it('fails for each bit of a short body, one by one', async () => {
    const sent = new TextEncoder().encode('{"id":"e1"}');
    const header = sign('secret', sent);
    for (let bit = 0; bit < sent.length * 8; bit++) {
      expect(await codeOf('secret', header, flip(sent, bit))).toBe('signature-mismatch');
    }
  });

  it('fails when the body is longer or shorter', async () => {
    const sent = new TextEncoder().encode('{"id":"e1"}');
    const header = sign('secret', sent);
    expect(await codeOf('secret', header, sent.subarray(1))).toBe('signature-mismatch');
    expect(await codeOf('secret', header, sent.subarray(0, -1))).toBe('signature-mismatch');
    expect(await codeOf('secret', header, Uint8Array.from([...sent, 10]))).toBe('signature-mismatch');
  });

  it('fails when any bit of the secret changes', async () => {
    // Keys that differ in zero bytes at their end are one and the same to an HMAC.
    const key = fc.stringMatching(/^[!-~]{2,64}$/);
    await fc.assert(
      fc.asyncProperty(methods, key, bytes, fc.nat(), fc.integer({ min: 0, max: 6 }), async (...drawn) => {
        const [method, secret, body, at, bit] = drawn;
        const index = at % secret.length;
        const other = String.fromCharCode(secret.charCodeAt(index) ^ (1 << bit));
        const changed = secret.slice(0, index) + other + secret.slice(index + 1);
        expect(await codeOf(changed, sign(secret, body, method), body)).toBe('signature-mismatch');
      }),
      { numRuns: 100 },
    );
  });

  it('fails when any digit of the signature changes', async () => {
    await fc.assert(
      fc.asyncProperty(methods, secrets, bytes, fc.nat(), fc.integer({ min: 1, max: 15 }), async (...drawn) => {
        const [method, secret, body, at, change] = drawn;
        const [, hex = ''] = sign(secret, body, method).split('=');
        const index = at % hex.length;
        const digit = (Number.parseInt(hex.charAt(index), 16) ^ change).toString(16);
        const changed = `${method}=${hex.slice(0, index)}${digit}${hex.slice(index + 1)}`;
        expect(await codeOf(secret, changed, body)).toBe('signature-mismatch');
      }),
      { numRuns: 100 },
    );
  });

  it('takes the method in either case and blanks around the header', async () => {
    const body = new TextEncoder().encode('x');
    expect(await codeOf('secret', ` ${sign('secret', body).replace('sha256', 'SHA256')}\t`, body)).toBeUndefined();
  });

  it('refuses sha1 unless it is allowed', async () => {
    const body = new TextEncoder().encode('x');
    expect(await codeOf('secret', sign('secret', body, 'sha1'), body, false)).toBe('signature-method');
    expect(await codeOf('secret', sign('secret', body, 'sha1'), body, true)).toBeUndefined();
  });

  it.each([
    ['sha512', 'sha384'],
    ['sha256', 'sha512'],
    ['sha384', 'sha256'],
  ])('refuses a signature of %s under the name of %s', async (made, named) => {
    const body = new TextEncoder().encode('x');
    const header = sign('secret', body, made).replace(made, named);
    expect(await codeOf('secret', header, body)).toBe('signature-malformed');
  });
});

describe('both implementations', () => {
  it('agree on every signature', async () => {
    await fc.assert(
      fc.asyncProperty(methods, secrets, secrets, bytes, fc.boolean(), async (...drawn) => {
        const [method, secret, other, body, isOurs] = drawn;
        const header = sign(isOurs ? secret : other, body, method);
        const [byNode, byWeb] = await Promise.all([
          signatureFault(nodeHmac(nodeCrypto, secret), header, body, true),
          signatureFault(webHmac(secret), header, body, true),
        ]);
        expect(byWeb?.code).toBe(byNode?.code);
      }),
      { numRuns: 150 },
    );
  });

  it('refuse a signature that is shorter or longer than the digest', async () => {
    const body = new Uint8Array(3);
    for (const hmac of [nodeHmac(nodeCrypto, 'secret'), webHmac('secret')]) {
      for (const length of [0, 1, 31, 33, 64]) {
        expect(await hmac.verify('sha256', body, new Uint8Array(length))).toBe(false);
      }
    }
  });
});

describe('the platform', () => {
  it('checks at once on Node, without a promise', () => {
    const body = new TextEncoder().encode('x');
    expect(signatureFault(platformHmac('secret'), sign('secret', body), body, false)).toBeUndefined();
    expect(signatureFault(platformHmac('other'), sign('secret', body), body, false)).toMatchObject({
      code: 'signature-mismatch',
    });
  });
});
