import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALIASES, CATALOGUE_NAMES, canonicalName } from '../../src/events/names.ts';
import { spellingsOf } from '../../src/events/spellings.ts';
import { PUBLISHED } from './published.ts';

const rows = Object.entries(PUBLISHED).flatMap(([name, spellings]) =>
  [name, ...spellings].map((spelling): [string, string] => [spelling, name]),
);

/** Any text, but often a published name. */
const names = fc.oneof(fc.constantFrom(...rows.map(([spelling]) => spelling)), fc.string());

/** A text in some other case. */
const inSomeCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, i) => (upper[i] ? letter.toUpperCase() : letter.toLowerCase())).join(''));

describe('the one name of an event', () => {
  it.each(rows)('%s is %s', (spelling, name) => {
    expect(canonicalName(spelling)).toBe(name);
    expect(canonicalName(spelling.toUpperCase())).toBe(name);
    expect(canonicalName(spelling.toLowerCase())).toBe(name);
  });

  it('covers the whole catalogue and no spelling beyond the published ones', () => {
    expect(Object.keys(PUBLISHED)).toEqual([...CATALOGUE_NAMES]);
    expect(
      Object.keys(ALIASES).filter((alias) => !rows.some(([spelling]) => spelling.toLowerCase() === alias)),
    ).toEqual([]);
  });

  it.each(Object.entries(PUBLISHED))('%s can be asked for in each of its spellings', (name, spellings) => {
    const lower = (all: readonly string[]) => [...new Set(all.map((one) => one.toLowerCase()))].sort();
    expect(lower(spellingsOf(name))).toEqual(lower([name, ...spellings]));
  });

  it.each([
    ['org.example.patient_transmogrify', 'org.example.patient_transmogrify'],
    ['Medication-OPEN', 'medication-open'],
    ['heartbeat', 'heartbeat'],
    // Substrings are other names: two sandbox hubs mix them up.
    ['Patient-opened', 'patient-opened'],
    ['xPatient-open', 'xpatient-open'],
    [' Patient-open', ' patient-open'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['hasOwnProperty', 'hasownproperty'],
    ['', ''],
  ])('leaves %j its own', (spelling, name) => {
    expect(canonicalName(spelling)).toBe(name);
  });

  it('is its own one name', () => {
    fc.assert(fc.property(names, (name) => canonicalName(canonicalName(name)) === canonicalName(name)));
  });

  it('does not depend on the case', () => {
    const published = fc
      .constantFrom(...rows)
      .chain(([spelling, name]) => inSomeCase(spelling).map((written): [string, string] => [written, name]));
    fc.assert(fc.property(published, ([written, name]) => canonicalName(written) === name));
  });
});
