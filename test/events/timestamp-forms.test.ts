import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '../../src/events/timestamp.ts';

const EIGHTH = Date.UTC(2018, 0, 8, 1, 37, 5);

describe('the time of an event', () => {
  it.each([
    ['2018-01-08T01:37:05Z', EIGHTH],
    ['2018-01-08T01:37:05z', EIGHTH],
    ['2018-01-08t01:37:05Z', EIGHTH],
    ['2018-01-08 01:37:05Z', EIGHTH],
    ['2018-01-08T01:37:05.140Z', EIGHTH + 140],
    // No zone means UTC, wherever this runs.
    ['2018-01-08T01:37:05.14', EIGHTH + 140],
    ['2018-01-08T01:37:05', EIGHTH],
    ['2018-01-08T01:37', EIGHTH - 5000],
    ['2018-01-08T01:37Z', EIGHTH - 5000],
    ['2018-01-08T01:37:05,14Z', EIGHTH + 140],
    ['2018-01-08T02:37:05+01:00', EIGHTH],
    ['2018-01-08T02:37:05+0100', EIGHTH],
    ['2018-01-07T20:07:05-05:30', EIGHTH],
    ['2018-01-08T01:37:05.140+00:00', EIGHTH + 140],
    ['2020-02-29T00:00:00Z', Date.UTC(2020, 1, 29)],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    // The .NET sandbox hub of 2019 (N19).
    ['1/8/2018 1:37:05 AM', EIGHTH],
    ['01/08/2018 01:37:05 am', EIGHTH],
    ['1/8/2018 12:37:05 AM', EIGHTH - 3_600_000],
    ['1/8/2018 12:37:05 PM', EIGHTH + 11 * 3_600_000],
    ['1/8/2018 1:37:05 PM', EIGHTH + 12 * 3_600_000],
    // A Java hub of 2019 (P19).
    ['Wed Jan 16 18:02:27 EST 2019', Date.UTC(2019, 0, 16, 23, 2, 27)],
    ['Tue Jul 16 18:02:27 EDT 2019', Date.UTC(2019, 6, 16, 22, 2, 27)],
    ['Wed Jan 16 18:02:27 UTC 2019', Date.UTC(2019, 0, 16, 18, 2, 27)],
    ['Wed Jan 16 18:02:27 GMT 2019', Date.UTC(2019, 0, 16, 18, 2, 27)],
  ])('%s is read', (text, time) => {
    expect(parseTimestamp(text)).toBe(time);
  });

  it('keeps what is finer than a millisecond', () => {
    expect(parseTimestamp('2018-01-08T01:37:05.1234567Z')).toBeCloseTo(EIGHTH + 123.4567, 3);
    const [one = 0, other = 0] = ['2018-01-08T01:37:05.1234567', '2018-01-08T01:37:05.1239'].map(parseTimestamp);
    expect(one).toBeLessThan(other);
  });

  it.each([
    // The specification's own example.
    '2019-11-25T010:38:04.16',
    'T010:38:04.16',
    '',
    ' ',
    'yesterday',
    '1515375425',
    '2018-01-08',
    '2018-01-08T01',
    '2018-13-08T01:37:05Z',
    '2018-00-08T01:37:05Z',
    '2018-01-00T01:37:05Z',
    '2018-01-32T01:37:05Z',
    '2018-02-30T01:37:05Z',
    '2018-02-30T01:37:05.000Z',
    '2018-02-30T01:37:60Z',
    '2019-02-29T01:37:05',
    '2018-01-08T24:00:00Z',
    '2018-01-08T24:00:00.000Z',
    '2018-01-08T25:37:05Z',
    '2018-01-08T01:60:05Z',
    '2018-01-08T01:37:61Z',
    '2018-01-08T01:37:05ZZ',
    '2018-01-08T01:37:05+99:99',
    '2018-01-08T01:37:05 Europe/Berlin',
    // What .NET writes for a time that nobody set.
    '0001-01-01T00:00:00',
    '0001-01-01T00:00:00.000Z',
    '13/8/2018 1:37:05 AM',
    '0/8/2018 1:37:05 AM',
    '2/30/2018 1:37:05 AM',
    '1/8/2018 13:37:05 PM',
    '1/8/2018 1:37:05',
    'Wed Jan 16 18:02:27 XYZ 2019',
    'Wed Xyz 16 18:02:27 EST 2019',
    'Wed Jan 16 99:02:27 EST 2019',
    'Infinity',
  ])('%j is none that can be relied on', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-30'), noInvalidDate: true });

  it('is what was written, for every date', () => {
    fc.assert(fc.property(dates, (date) => parseTimestamp(date.toISOString()) === date.getTime()));
  });

  it('is the same in UTC when the zone is left out', () => {
    fc.assert(fc.property(dates, (date) => parseTimestamp(date.toISOString().slice(0, -1)) === date.getTime()));
  });

  it('is the same in every zone', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, minutes) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        if (!/^\d{4}-/.test(local)) return true;
        const two = (value: number) => String(value).padStart(2, '0');
        const zone = `${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
        return parseTimestamp(`${local}${minutes < 0 ? '-' : '+'}${zone}`) === date.getTime();
      }),
    );
  });

  it('is a finite number or nothing, whatever was written', () => {
    const almost = fc
      .tuple(dates, fc.nat(40), fc.string({ maxLength: 3 }))
      .map(([date, at, text]) => date.toISOString().slice(0, at) + text + date.toISOString().slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const time = parseTimestamp(text);
        return time === undefined || Number.isFinite(time);
      }),
    );
  });
});
