import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { pino } from 'pino';

/** How deep somebody looks who searches for a fault. */
const DEEP = { depth: 10, maxStringLength: null } as const;

let written: string[] = [];
const stream = new Writable({
  decodeStrings: false,
  write(chunk: string, _, done) {
    written.push(chunk);
    done();
  },
});
const terminal = new Console({ stdout: stream, colorMode: false });
const logger = pino({ level: 'trace' }, stream);

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    // What cannot be written as JSON, is not.
    return '';
  }
};

/**
 * A value in every form in which somebody may print it: as text, as JSON, on a terminal and by a structured logger, which looks at an
 * error's causes, too.
 *
 * @param value anything
 */
export function printed(value: unknown): string {
  written = [];
  terminal.dir(value, DEEP);
  terminal.log('%s %o %j', value, value, value);
  logger.error(value);
  logger.info({ err: value, error: value, deep: { value } }, 'what was said');
  const forms = [String(value), json(value), inspect(value), inspect(value, DEEP), ...written];
  for (let error = value; error instanceof Error; error = error.cause) forms.push(error.message, error.stack ?? '');
  return forms.join('\n');
}
