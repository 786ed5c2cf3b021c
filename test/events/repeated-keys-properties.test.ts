import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../../src/events/json.ts';

/** A value with a text of it. `isTwice`: a key stands twice in one of its objects. */
interface Written {
  readonly text: string;
  readonly isTwice: boolean;
}

/** What a text may have between its parts. Most have nothing there. */
const space = fc.constantFrom('', '', '', '', ' ', '\n  ', '\t', '\r\n');

/** Texts that look like keys and the ends of keys, and ordinary ones. */
const content = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'id',
    'hub.topic',
    '__proto__',
    'constructor',
    '',
    ':',
    '":',
    '" :',
    ' : ',
    '\\":',
    '\u00a0:',
    '{"a":1,"a":2}',
  ),
  fc.string({ maxLength: 6 }),
);

/** A string as somebody may write it: plainly, or with its characters escaped. */
const quoted = (value: string, isEscaped: boolean): string =>
  isEscaped
    ? `"${[...Array(value.length).keys()].map((at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
    : JSON.stringify(value);

const scalar = fc.oneof(
  fc.tuple(content, fc.boolean()).map(([value, isEscaped]) => quoted(value, isEscaped)),
  fc.constantFrom('0', '-0', '1e20', '1E-7', '1000000', '0.10', 'true', 'null'),
);

const { written } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar.map((text) => ({ text, isTwice: false })),
    fc.tuple(space, fc.array(tie('written'), { maxLength: 4 })).map(([gap, items]) => ({
      text: `[${gap}${items.map(({ text }) => text).join(`${gap},`)}]`,
      isTwice: items.some(({ isTwice }) => isTwice),
    })),
    fc.array(fc.tuple(content, fc.boolean(), space, space, tie('written')), { maxLength: 5 }).map((members) => ({
      text: `{${members.map(([key, isEscaped, before, after, { text }]) => `${before}${quoted(key, isEscaped)}${before}:${after}${text}${after}`).join(',')}}`,
      isTwice:
        new Set(members.map(([key]) => key)).size < members.length || members.some(([, , , , value]) => value.isTwice),
    })),
  ),
}));

const runs = { numRuns: 5_000 };

it('refuses a text exactly where a key stands twice in one object, however it is spelt and spaced', () => {
  fc.assert(
    fc.property(written, ({ text, isTwice }) => {
      if (isTwice) expect(() => parseJson(text)).toThrow(expect.objectContaining({ at: 'a key is repeated' }));
      else expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
    runs,
  );
});

it('refuses what the check before it refused, which looked for keys by an expression', () => {
  const keysOf = (value: unknown): number =>
    typeof value !== 'object' || value === null
      ? 0
      : Object.values(value).reduce(
          (sum: number, one) => sum + keysOf(one),
          Array.isArray(value) ? 0 : Object.keys(value).length,
        );
  const wasSuspicious = (text: string) => (text.match(/"\s*:/g) ?? []).length !== keysOf(JSON.parse(text));
  fc.assert(
    fc.property(written, ({ text, isTwice }) => {
      // What it took without comparing the keys has none twice, and is still taken.
      if (!wasSuspicious(text)) {
        expect(isTwice).toBe(false);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }
    }),
    runs,
  );
});
