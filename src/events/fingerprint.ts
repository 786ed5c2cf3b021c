import { randomHex } from '../web/random.ts';
import type { ContextEntry } from './context.ts';
import { canonicalKey } from './definitions.ts';
import { identityOf, isNamed } from './identity.ts';
import { changesContext } from './kind.ts';
import type { Notification } from './notification.ts';
import { parseTimestamp } from './timestamp.ts';

/** Longer texts are not kept: a short one stands for them. In characters. */
const LONGEST = 256;

/** Made when it is needed: some platforms have no random numbers while a module loads. */
let seed: readonly [number, number] | undefined;

/**
 * A short text that stands for a long one. Two texts that differ have different ones in all likelihood; it keeps nothing secret.
 * It begins with what nobody can know: otherwise texts could be made that have the same one.
 *
 * @param text any text
 */
function digestOf(text: string): string {
  seed ??= [Number.parseInt(randomHex(4), 16), Number.parseInt(randomHex(4), 16)];
  let [high, low] = seed;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) + 0x9e3779b9;
  }
  return `${(high >>> 0).toString(36)}.${(low >>> 0).toString(36)}.${text.length.toString(36)}`;
}

/** A text, or what stands for it where it is long. */
export const shortened = (text: string): string => (text.length > LONGEST ? digestOf(text) : text);

/** What an entry says: of which resource it is, or, where it does not name one, all that it holds. */
const contentOf = (entry: ContextEntry): readonly unknown[] => {
  const identity = identityOf(entry);
  return [canonicalKey(entry.key), isNamed(identity) ? [identity.id ?? '', ...identity.identifiers] : entry];
};

/**
 * What an event says beside its id and its time: two messages are of one event when all of these are the same. The version is no
 * part of an open or a close: a hub that sends an open again tells the version of the moment, which changes with each update.
 *
 * @param notification a notification
 * @returns a text of 256 characters at most
 */
export function fingerprintOf({ name, kind, versionId = '', context }: Notification): string {
  const version = changesContext(kind) ? '' : versionId;
  // An id may hold whatever stands between two texts. As JSON, no two contents are written alike.
  return shortened(JSON.stringify([name, version, context.map(contentOf)]));
}

/** The time of an event, in whatever form the hub wrote it; empty when it wrote nothing. */
export const instantOf = ({ timestamp }: Pick<Notification, 'timestamp'>): string =>
  String(parseTimestamp(timestamp) ?? timestamp);
