import { instant } from './instant.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Eastern Standard Time, in milliseconds after UTC. */
const EASTERN_MS = -5 * 3_600_000;

const two = (part: number): string => String(part).padStart(2, '0');

/** A timestamp as .NET writes it for the United States, in UTC: `1/8/2018 1:37:05 AM`. One that cannot be read stays. */
export function usDate(timestamp: string): string {
  const at = new Date(instant(timestamp));
  if (Number.isNaN(at.getTime())) return timestamp;
  const day = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
  const hour = at.getUTCHours();
  const time = `${hour % 12 || 12}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return `${day} ${time} ${hour < 12 ? 'AM' : 'PM'}`;
}

/** A timestamp as Java writes it in New York: `Wed Jan 16 18:02:27 EST 2019`. One that cannot be read stays. */
export function javaDate(timestamp: string): string {
  const at = new Date(instant(timestamp) + EASTERN_MS);
  if (Number.isNaN(at.getTime())) return timestamp;
  const day = `${DAYS[at.getUTCDay()]} ${MONTHS[at.getUTCMonth()]} ${two(at.getUTCDate())}`;
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${day} ${time} EST ${at.getUTCFullYear()}`;
}
