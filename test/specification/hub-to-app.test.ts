import { describe, expect, it } from 'vitest';
import type { FromHub } from './exchange.ts';
import { read } from './read.ts';
import { TEXTS } from './texts.ts';
import { mended } from './wire.ts';

/** The code by which something is refused. */
const refusal = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return { read: await promise };
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
};

describe.each(TEXTS)('$title', (text) => {
  const fromHub = text.exchanges.filter((exchange): exchange is FromHub => exchange.direction === 'hub→app');

  it.each(fromHub)('$example: $what ($section)', async (exchange) => {
    const { wire, verdict } = exchange;
    if ('accepted' in verdict) {
      expect(await read(text, exchange, wire)).toEqual(verdict.accepted);
      return;
    }
    expect(await refusal(read(text, exchange, wire)), verdict.because).toBe(verdict.refused);
    // The reason is the reason: nothing else is in the way.
    expect(await read(text, exchange, mended(wire, verdict.mend))).toEqual(verdict.mended);
  });
});
