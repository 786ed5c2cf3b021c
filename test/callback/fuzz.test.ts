import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallbackRequest } from '../../src/callback/request.ts';
import { BODY, listen, openSocket, openSubscription, sign, TOPIC } from './support.ts';

const STATUSES = [200, 400, 401, 404, 405, 413];

/** The same requests in every run: what fails once fails again. */
const SEED = 20_190_122;

const QUERY = `hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=c-1&hub.lease_seconds=7200&hub.events=Patient-open`;

/** A text with some of it cut out, doubled or replaced. */
const mutated = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(8), fc.oneof(fc.string({ maxLength: 6 }), fc.constant(text))), {
      maxLength: 3,
    })
    .map((cuts) => cuts.reduce((so, [at, length, into]) => so.slice(0, at) + into + so.slice(at + length), text));

const methods = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('POST', 'GET') },
  { weight: 1, arbitrary: fc.constantFrom('PUT', 'HEAD', 'post', '', 'DELETE') },
);
const bodies = fc.oneof(
  mutated(BODY).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);

/** What an independent check says, as plainly as it can be written. */
const isSigned = (secret: string, header: string | undefined, body: Uint8Array): boolean => {
  const [, method = '', hex = ''] = /^\s*(sha256|sha384|sha512)=([0-9a-f]+)\s*$/i.exec(header ?? '') ?? [];
  return method !== '' && createHmac(method, secret).update(body).digest('hex') === hex.toLowerCase();
};

// The time is for a machine that is busy with other tests.
describe('mutated requests', { timeout: 60_000 }, () => {
  it('to the endpoint itself: nothing is delivered unless it is signed, and nothing throws', async () => {
    const { request, owner, secret } = await openSubscription();
    const signatures = (body: Uint8Array) =>
      fc.oneof(
        fc.constant(sign(secret, body)),
        fc.constantFrom('sha1', 'sha384', 'sha512').map((method) => sign(secret, body, method)),
        mutated(sign(secret, body)),
        fc.constant(sign(secret, BODY)),
        fc.string(),
        fc.constant(undefined),
      );
    const requests = bodies.chain((body) =>
      fc.record<CallbackRequest>({
        method: methods,
        query: mutated(QUERY),
        signature: signatures(body),
        body: fc.oneof(
          { weight: 30, arbitrary: fc.constant(body) },
          { weight: 1, arbitrary: fc.constant<'too-large'>('too-large') },
        ),
      }),
    );
    let delivered = 0;
    let verified = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (mutant) => {
        const before = owner.bodies.length;
        const { method, signature, body } = mutant;
        const answer = await request(mutant);
        expect(STATUSES).toContain(answer.status);
        const isDelivered = owner.bodies.length > before;
        const isExpected = method === 'POST' && body !== 'too-large' && isSigned(secret, signature, body);
        if (isExpected && answer.status === 400) {
          expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow();
        } else {
          expect(isDelivered).toBe(isExpected);
        }
        if (answer.body) {
          verified += 1;
          expect([method, answer.status]).toEqual(['GET', 200]);
          expect(answer.body).toBe(new URLSearchParams(mutant.query).get('hub.challenge'));
          expect(answer.body).not.toMatch(/[<>\p{Cc}]/u);
        } else if (isDelivered) delivered += 1;
        else refused += 1;
      }),
      { numRuns: 3_000, seed: SEED },
    );
    // The mutants are of all kinds, or this would test nothing.
    expect(Math.min(delivered, verified, refused)).toBeGreaterThan(100);
  });

  it('to a real server: each is answered or cut off, and the server lives on', async () => {
    const { endpoint, id, owner, secret, registration } = await openSubscription({ bodyLimit: 4096 });
    const { port, origin } = await listen(endpoint.node);
    const whole = [
      `POST /fhircast/${id} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(BODY)}`,
      `X-Hub-Signature: ${sign(secret, BODY)}`,
      '',
      BODY,
    ].join('\r\n');
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(mutated(whole), async (mutant) => {
        const { socket, closed } = await openSocket(port);
        let text = '';
        socket.on('data', (data: string) => {
          text += data;
        });
        // Sent in one piece and ended: what is cut short is seen to be so.
        socket.end(mutant);
        await closed;
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 'none';
        kinds.add(status);
        expect(['none', ...STATUSES.map(String)]).toContain(status);
        expect(text).not.toContain(secret);
        expect(text).not.toContain(registration.url);
      }),
      { numRuns: 300, seed: SEED },
    );
    expect(kinds).toContain('200');
    expect(kinds).toContain('400');
    expect(kinds).toContain('401');
    // Whatever else was mutated, the signed bytes are the only ones that came through.
    expect(new Set(owner.bodies)).toEqual(new Set([BODY]));
    const answer = await fetch(`${origin}/${id}?${QUERY}`);
    expect(await answer.text()).toBe('c-1');
  });
});
