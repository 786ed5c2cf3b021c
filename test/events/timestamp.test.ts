import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '../../src/events/timestamp.ts';

describe('a timestamp', () => {
  it.each([
    ['in UTC', '2018-01-08T01:37:05.140Z', '2018-01-08T01:37:05.140Z'],
    ['without a zone, which means UTC', '2018-01-08T01:37:05.14', '2018-01-08T01:37:05.140Z'],
    ['in another zone', '2018-01-08T03:37:05+02:00', '2018-01-08T01:37:05.000Z'],
    ['in a zone west of here, without a colon', '2018-01-07T20:07:05-0530', '2018-01-08T01:37:05.000Z'],
    ['without seconds', '2018-01-08T01:37Z', '2018-01-08T01:37:00.000Z'],
    ['with a space', '2018-01-08 01:37:05Z', '2018-01-08T01:37:05.000Z'],
    ['the American way', '1/8/2018 1:37:05 AM', '2018-01-08T01:37:05.000Z'],
    ['the American way, at noon', '1/8/2018 12:00:01 PM', '2018-01-08T12:00:01.000Z'],
    ['the American way, at midnight', '1/8/2018 12:00:01 AM', '2018-01-08T00:00:01.000Z'],
    ['the Java way', 'Wed Jan 16 18:02:27 EST 2019', '2019-01-16T23:02:27.000Z'],
  ])('%s is read', (_, text, iso) => {
    expect(parseTimestamp(text)).toBe(Date.parse(iso));
  });

  it('keeps more digits than a millisecond, so that seven digits order too', () => {
    const earlier = parseTimestamp('2018-01-08T01:37:05.1400001Z') ?? 0;
    expect(parseTimestamp('2018-01-08T01:37:05.1400009Z')).toBeGreaterThan(earlier);
  });

  it.each([
    '',
    'yesterday',
    'T010:38:04.16',
    '2018-01-08T010:38:04.16',
    '2018-13-01T00:00:00Z',
    '2018-02-30T00:00:00Z',
    '2018-01-08',
    '13/8/2018 1:37:05 AM',
    '1546300800',
    'Wed Foo 16 18:02:27 EST 2019',
    '2018-01-08T25:00:00Z',
  ])('that is no time orders nothing: %s', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it('is the same as the platform’s own reading of ISO times', () => {
    const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTimestamp(text)));
  });
});
