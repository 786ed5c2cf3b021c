import type { FhircastClient } from '../client.ts';
import { type Observation, type ObserveOptions, observe } from './observation.ts';

/** Writes one line. */
export type Write = (...texts: never[]) => unknown;

/** A logger in the shape of `console` and of pino: one method for each level. */
export interface Logger {
  /** Writes what helps to find a fault: each message of the protocol. */
  debug: Write;
  /** Writes what is expected. */
  info: Write;
  /** Writes what deserves a look. */
  warn: Write;
  /** Writes what went wrong. */
  error: Write;
}

/** How a client is logged. */
export interface LogOptions extends ObserveOptions {
  /**
   * Whether the logger takes its fields before the message, as pino and bunyan do, or behind it, as `console` and winston do.
   *
   * @default `before` for a logger that has `bindings()`, as pino's do; `behind` for every other
   */
  readonly fields?: 'before' | 'behind';
}

/**
 * Writes what happens to a client to a logger, redacted: see {@link Observation}. It counts as a listener of `error`, so that the client
 * does not write its first error to the console.
 *
 * @param client the client
 * @param logger `console`, a logger of pino, or one of the same shape
 * @param options a label, the kinds to write, and where the logger takes fields
 * @returns ends it
 * @example
 * ```ts
 * const stop = logTo(client, console, { label: 'viewer', kinds: ['state', 'sync', 'error', 'warning'] });
 * ```
 */
export function logTo(client: FhircastClient, logger: Logger, options: LogOptions = {}): () => void {
  const { fields = 'bindings' in logger ? 'before' : 'behind' } = options;
  return observe(
    client,
    ({ level, message, fields: facts, kind }: Observation) => {
      // An error's message is safe, and so are the fields beside it. The error itself may hold the app's own cause.
      const line = [{ ...facts, fhircast: kind }, message];
      (logger[level] as (...texts: unknown[]) => unknown)(...(fields === 'before' ? line : line.reverse()));
    },
    options,
  );
}
