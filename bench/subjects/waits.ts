import { memory } from './memory.ts';

/** What stands before the time in the id of an event that is timed. */
const MARK = '~';

/** A clock that all processes of this machine share, in milliseconds. */
const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The id of an event that leaves now. */
export const stampedId = (number: number): string => `${number}${MARK}${clock()}`;

/**
 * Notes how long events were on their way, where their ids tell when they left. The parent process may ask for that, and for the memory.
 *
 * @returns what is called with each id
 */
export function noteWaits(): (id: string) => void {
  let waits: number[] = [];
  process.on('message', (message) => {
    if (message === 'waits') {
      process.send?.(JSON.stringify(waits));
      waits = [];
    }
    if (message === 'memory') process.send?.(JSON.stringify(memory()));
  });
  return (id) => {
    const at = id.indexOf(MARK);
    if (at >= 0) waits.push(clock() - Number(id.slice(at + 1)));
  };
}
