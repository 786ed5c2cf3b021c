import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CallbackRequest } from '../../src/callback/request.ts';
import { BODY, openSubscription, PATIENT, sign, TOPIC } from './support.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const HEX = 'ab'.repeat(32);

interface Row {
  readonly what: string;
  readonly request: (secret: string) => Partial<CallbackRequest>;
  readonly status: number;
  readonly code: string;
}

const withSignature = (signature: string | undefined) => () => ({ signature, body: encode(BODY) });

const ROWS: readonly Row[] = [
  { what: 'no signature', request: withSignature(undefined), status: 401, code: 'signature-missing' },
  { what: 'an empty signature', request: withSignature(''), status: 401, code: 'signature-missing' },
  { what: 'blanks as a signature', request: withSignature('   '), status: 401, code: 'signature-malformed' },
  { what: 'bare hexadecimal digits', request: withSignature(HEX), status: 401, code: 'signature-malformed' },
  { what: 'a method alone', request: withSignature('sha256'), status: 401, code: 'signature-malformed' },
  { what: 'a method and nothing', request: withSignature('sha256='), status: 401, code: 'signature-malformed' },
  { what: 'no method', request: withSignature(`=${HEX}`), status: 401, code: 'signature-malformed' },
  {
    what: 'a digit too few',
    request: (secret) => ({ signature: sign(secret, BODY).slice(0, -1), body: encode(BODY) }),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'a digit too many',
    request: (secret) => ({ signature: `${sign(secret, BODY)}0`, body: encode(BODY) }),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'something after the digits',
    request: (secret) => ({ signature: `${sign(secret, BODY)};x`, body: encode(BODY) }),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'no hexadecimal digit',
    request: withSignature(`sha256=${'zz'.repeat(32)}`),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'two signatures, joined as Node joins headers',
    request: (secret) => ({ signature: `${sign(secret, BODY)}, ${sign(secret, BODY)}`, body: encode(BODY) }),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'base64 in place of hexadecimal digits',
    request: withSignature('sha256=q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s='),
    status: 401,
    code: 'signature-malformed',
  },
  {
    what: 'upper-case digits without a method (a Java hub of January 2019)',
    request: withSignature(HEX.toUpperCase()),
    status: 401,
    code: 'signature-malformed',
  },
  { what: 'md5', request: withSignature(`md5=${HEX}`), status: 401, code: 'signature-method' },
  { what: 'an unknown method', request: withSignature(`sha3-256=${HEX}`), status: 401, code: 'signature-method' },
  {
    what: 'a property of every object as a method',
    request: withSignature(`constructor=${HEX}`),
    status: 401,
    code: 'signature-method',
  },
  {
    what: 'sha1',
    request: (secret) => ({ signature: sign(secret, BODY, 'sha1'), body: encode(BODY) }),
    status: 401,
    code: 'signature-method',
  },
  { what: 'a wrong signature', request: withSignature(`sha256=${HEX}`), status: 401, code: 'signature-mismatch' },
  {
    what: 'key and data of the signature swapped (the same hub)',
    request: (secret) => ({ signature: sign(BODY, secret), body: encode(BODY) }),
    status: 401,
    code: 'signature-mismatch',
  },
  {
    what: 'another secret',
    request: () => ({ signature: sign('0'.repeat(64), BODY), body: encode(BODY) }),
    status: 401,
    code: 'signature-mismatch',
  },
  {
    what: 'the body serialised anew',
    request: (secret) => ({
      signature: sign(secret, BODY),
      body: encode(JSON.stringify(JSON.parse(BODY), undefined, 1)),
    }),
    status: 401,
    code: 'signature-mismatch',
  },
  {
    what: 'the body cut off',
    request: (secret) => ({ signature: sign(secret, BODY), body: encode(BODY).subarray(0, -1) }),
    status: 401,
    code: 'signature-mismatch',
  },
  {
    what: 'no body',
    request: (secret) => ({ signature: sign(secret, BODY) }),
    status: 401,
    code: 'signature-mismatch',
  },
  {
    what: 'a body in Latin-1',
    request: (secret) => {
      const body = Buffer.from(`{"name":"${PATIENT} Ünal"}`, 'latin1');
      return { signature: sign(secret, body), body };
    },
    status: 400,
    code: 'notification-malformed',
  },
  {
    what: 'a body that is too large',
    request: (secret) => ({ signature: sign(secret, BODY), body: 'too-large' }),
    status: 413,
    code: 'notification-too-large',
  },
];

describe('a callback with', () => {
  it.each(ROWS)('$what is answered $status and reported as $code', async ({ request, status, code }) => {
    const subscription = await openSubscription();
    const { endpoint, owner, secret, registration } = subscription;
    const answer = await subscription.request(request(secret));
    expect(answer).toMatchObject({ status, body: '' });
    expect(owner.codes).toEqual([code]);
    expect(owner.bodies).toEqual([]);
    expect(endpoint.counts).toEqual({ [code]: 1 });

    const [error] = owner.errors;
    const seen = [error?.message, JSON.stringify(error), inspect(error, { depth: 9, showHidden: true }), error?.stack];
    for (const hidden of [PATIENT, TOPIC, secret, registration.url, HEX]) {
      for (const text of seen) expect(text).not.toContain(hidden);
    }
  });

  it('sha1 is delivered when it is allowed', async () => {
    const { post, owner, secret } = await openSubscription({ allowSha1: true });
    expect(await post(BODY, sign(secret, BODY, 'sha1'))).toMatchObject({ status: 200 });
    expect(owner.bodies).toEqual([BODY]);
  });
});
