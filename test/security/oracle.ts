import { createHmac } from 'node:crypto';
import { parse } from 'node:querystring';
import type { Mutant, Target } from './mutants.ts';

/** The session that is attacked. */
export const TOPIC = 'topic-6f1f2a';

/** What may be taken, said as plainly as it can be, and with nothing of what is tested. */

const HASHES = ['sha256', 'sha384', 'sha512'] as const;

const isUtf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

/** Whether a body is signed with the secret, in the form of the specification. */
const isSigned = (secret: string, header: string | undefined, body: Uint8Array): boolean =>
  HASHES.some((method) => {
    const expected = `${method}=${createHmac(method, secret).update(body).digest('hex')}`;
    return header?.trim().toLowerCase() === expected;
  });

/** The fields of a query, each with its one value, which may stand there more than once; `undefined` where two differ. */
function fieldsOf(query: string): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const [name, values] of Object.entries(parse(query, undefined, undefined, { maxKeys: 0 }))) {
    const [value = '', ...others] = [values ?? ''].flat();
    if (others.some((other) => other !== value)) return undefined;
    fields[name] = value;
  }
  return fields;
}

/** Whether a query asks for what is waited for, with one value for every field. */
function isVerification(query: string): boolean {
  const fields = fieldsOf(query);
  if (fields?.['hub.topic'] !== TOPIC) return false;
  const mode = String(fields['hub.mode'] ?? 'subscribe').toLowerCase();
  if (mode === 'denied') return true;
  const challenge = String(fields['hub.challenge'] ?? '');
  return ['subscribe', 'unsubscribe'].includes(mode) && challenge !== '' && !/[<>]/.test(challenge);
}

/** Whether a request is what only the hub can have sent, or what anybody may send who knows the URL. */
export const isGenuine = (mutant: Mutant, { id, secret }: Target): boolean => {
  if (mutant.id !== id) return false;
  if (mutant.method === 'GET') return isVerification(mutant.query);
  return mutant.method === 'POST' && isSigned(secret, mutant.signature, mutant.body) && isUtf8(mutant.body);
};

/** Whether a text holds, somewhere, a signature of a body that only the hub can have made. */
export const holdsSignatureOf = (text: string, body: string, secret: string): boolean =>
  HASHES.some((method) => text.toLowerCase().includes(createHmac(method, secret).update(body).digest('hex')));

/** Whether a challenge that was echoed can be interpreted by nobody, and was in the query. */
export const isHarmlessEcho = (echo: string, query: string): boolean =>
  !/[<>\p{Cc}]/u.test(echo) && fieldsOf(query)?.['hub.challenge'] === echo;
