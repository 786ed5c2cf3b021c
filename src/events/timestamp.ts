// 2018-01-08T01:37:05.14Z, with or without a fraction, seconds and a zone.
const ISO = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/;

// What most hubs write.
const PLAIN = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

// 1/8/2018 1:37:05 AM, as the .NET sandbox hub of 2019 writes it.
const US = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d):(\d\d) ([AP])M$/i;

// Wed Jan 16 18:02:27 EST 2019, as a Java hub of 2019 writes it.
const JAVA = /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d\d:\d\d:\d\d ((?:[ECMP][SD]T)|GMT|UTC) \d{4}$/;

const utc = (year: number, month: number, day: number, hour: number, minute: number, second: number) => {
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC rolls 30 February over to March; a date that does not exist must not order anything. Nor must the year 1, which
  // .NET writes for a time that nobody set.
  const exists = year >= 1000 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined;
};

/** Every event has a time: reading its digits by themselves takes a third of what an expression with all its groups takes. */
const digits = (text: string, from: number, to: number): number => {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
};

/** The day of the event before, which is mostly that of the next. */
let lastDay: { readonly text: string; readonly midnight: number | undefined } = { text: '', midnight: undefined };

const midnightOf = (text: string): number | undefined => {
  if (text !== lastDay.text) lastDay = { text, midnight: parseTimestamp(`${text}T00:00Z`) };
  return lastDay.midnight;
};

/**
 * Reads the time of an event. Hubs write it in many ways: without a zone (which means UTC), with seven digits of a
 * second, in the American or the Java way.
 *
 * @param text the `timestamp` of a notification
 * @returns milliseconds since 1970 with their fraction, or `undefined` when the text is no time that can be relied on
 */
export function parseTimestamp(text: string): number | undefined {
  if (PLAIN.test(text)) {
    const minute = digits(text, 11, 13) * 60 + digits(text, 14, 16);
    const midnight = midnightOf(text.slice(0, 10));
    if (midnight === undefined) return undefined;
    return midnight + (minute * 60 + digits(text, 17, 19)) * 1000 + digits(text, 20, 23);
  }
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second = '0', fraction = '0', , sign, zoneHour = '0', zoneMinute = '0'] =
      iso;
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
    if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined;
    const time = utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second));
    const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
    return time === undefined ? undefined : time + Number(`0.${fraction}`) * 1000 - (sign === '-' ? -zone : zone);
  }
  const us = US.exec(text);
  if (us) {
    const [, month, day, year, hour, minute, second, half] = us;
    if (Number(hour) > 12 || Number(minute) > 59 || Number(second) > 59) return undefined;
    const hour24 = (Number(hour) % 12) + (half?.toUpperCase() === 'P' ? 12 : 0);
    return utc(Number(year), Number(month), Number(day), hour24, Number(minute), Number(second));
  }
  const time = JAVA.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
