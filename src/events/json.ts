import { NotificationError } from '../errors/errors.ts';
import type { JsonObject } from './json-object.ts';

export { isObject, type JsonObject, text } from './json-object.ts';

const malformed = (at: string) => new NotificationError('notification-malformed', { at });

/** Some encoders of .NET begin a text with this mark. */
const BYTE_ORDER_MARK = 0xfeff;

/** Deeper than any resource. What goes deeper is made to exhaust whoever walks it. */
const DEEPEST = 128;

/** How many items one array has at most, and how many members one object: objects of very many are slow to make. */
const MOST_TOGETHER = 20_000;
/** How many items, members, arrays and objects a text has at most, in all. */
const MOST_PARTS = 250_000;

/** `JSON.parse` takes seconds for a long text of nothing but brackets. A short one need not be looked at before. In characters. */
export const LONG = 64 * 1024;

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The white space of JSON. */
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** How many keys a value has, at all depths. */
const countKeys = (value: object, depth: number): number => {
  if (depth > DEEPEST) throw malformed('its depth');
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[])
      if (typeof item === 'object' && item !== null) keys += countKeys(item, depth + 1);
    return keys;
  }
  for (const key in value) {
    keys++;
    const child = (value as JsonObject)[key];
    if (typeof child === 'object' && child !== null) keys += countKeys(child, depth + 1);
  }
  return keys;
};

/**
 * How many colons stand behind a quotation mark: those of the keys, and those that a string begins with or has behind a quotation
 * mark of its own. A text has at least as many of these as keys. Looking for the colons is twice as quick as an expression.
 */
const countKeyEnds = (body: string): number => {
  let ends = 0;
  for (let at = body.indexOf(':'); at >= 0; at = body.indexOf(':', at + 1)) {
    let before = at - 1;
    while (isSpace(body.charCodeAt(before))) before--;
    if (body.charCodeAt(before) === QUOTE) ends++;
  }
  return ends;
};

/**
 * Parses the text of a message. A key that stands twice in one object leaves open which of its values was meant:
 * `JSON.parse` keeps the last, and a hub may have looked at the first. So a message with one is refused, whatever key it is and
 * however it is spelt (`hub\u002etopic` is `hub.topic`).
 *
 * @param body the exact text
 * @throws NotificationError `notification-malformed` when it is not JSON, is too deep, has too many parts, or a key twice
 */
export function parseJson(body: string): unknown {
  const message = parseBounded(body);
  if (typeof message !== 'object' || message === null) return message;
  // Every event comes through here, and counting is quick. A value that begins with a colon counts as a key, too: then the
  // keys are compared.
  if (countKeys(message, 0) !== countKeyEnds(body) && hasRepeatedKey(body)) throw malformed('a key is repeated');
  return message;
}

/**
 * Parses JSON that comes from outside, and looks before at how deep it is and how many parts it has: parsers take seconds for a
 * long text of brackets.
 *
 * @param body the exact text
 * @throws NotificationError `notification-malformed` when it is not JSON, is too deep, or has too many parts
 */
export function parseBounded(body: string): unknown {
  const excess = body.length > LONG && excessOf(body);
  if (excess) throw malformed(excess);
  try {
    return JSON.parse(body.charCodeAt(0) === BYTE_ORDER_MARK ? body.slice(1) : body);
  } catch {
    // The parser's own message may quote the text, which may be protected health information.
    throw malformed('not JSON');
  }
}

/** Where the string that begins at a quotation mark ends: at its other one. */
const endOfString = (body: string, start: number): number => {
  for (let at = start + 1; ; at++) {
    const code = body.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE || Number.isNaN(code)) return at;
  }
};

const afterSpace = (body: string, start: number): number => {
  let at = start;
  while (isSpace(body.charCodeAt(at))) at++;
  return at;
};

/** What there is more of than in any resource. The text need not be JSON. */
const excessOf = (body: string): string | undefined => {
  /** How many commas there were in each of what is open around this. */
  const around: number[] = [];
  let commas = 0;
  let parts = 0;
  for (let at = 0; at < body.length; at++) {
    const code = body.charCodeAt(at);
    if (code === QUOTE) at = endOfString(body, at);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) commas = around.pop() ?? 0;
    else if (code === COMMA) {
      if (++commas >= MOST_TOGETHER || ++parts > MOST_PARTS) return 'its number of parts';
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (around.push(commas) > DEEPEST) return 'its depth';
      if (++parts > MOST_PARTS) return 'its number of parts';
      commas = 0;
    }
  }
  return undefined;
};

/** Called for each key of a text, with the keys seen in its object, its depth, and where its value begins. `true` ends the walk. */
type KeyVisitor = (key: string, object: Set<string>, depth: number, valueAt: number) => boolean;

/** Walks the keys in the text of JSON that can be parsed, once from its beginning to its end. */
function walkKeys(body: string, visit: KeyVisitor): boolean {
  const objects: (Set<string> | undefined)[] = [];
  for (let at = 0; at < body.length; at++) {
    const code = body.charCodeAt(at);
    if (code === OPEN_OBJECT) objects.push(new Set());
    else if (code === OPEN_ARRAY) objects.push(undefined);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) objects.pop();
    else if (code === QUOTE) {
      const end = endOfString(body, at);
      const object = objects[objects.length - 1];
      const colon = object ? afterSpace(body, end + 1) : -1;
      if (object && body.charCodeAt(colon) === COLON) {
        const written = body.slice(at + 1, end);
        const key = written.includes('\\') ? String(JSON.parse(`"${written}"`)) : written;
        if (visit(key, object, objects.length, colon + 1)) return true;
      }
      at = end;
    }
  }
  return false;
}

const hasRepeatedKey = (body: string): boolean =>
  walkKeys(body, (key, object) => {
    if (object.has(key)) return true;
    object.add(key);
    return false;
  });

/** A string or a number of sane length at the beginning of a text. */
const SHORT_VALUE = /^(?:"(?:[^"\\]|\\.){1,1024}"|-?[\d.eE+-]{1,128}(?=[\s,}]|$))/;

/** More than a short value needs, with its escapes. In characters. */
const SHORT = 8 * 1024;

/**
 * What stands under a key at the top of an object, as it is written: a number with each of its digits (`JSON.parse` rounds those of
 * more than fifteen), a string with its quotation marks.
 *
 * @param body a text, which need not be JSON
 * @param key the key
 * @returns `undefined` when no string or number of sane length stands there
 */
export function writtenUnder(body: string, key: string): string | undefined {
  let written: string | undefined;
  try {
    walkKeys(body, (name, _, depth, valueAt) => {
      if (depth !== 1 || name !== key) return false;
      const start = afterSpace(body, valueAt);
      written = SHORT_VALUE.exec(body.slice(start, start + SHORT))?.[0];
      return true;
    });
  } catch {
    // A key that is no string.
  }
  return written;
}
