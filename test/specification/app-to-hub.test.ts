import { describe, expect, it } from 'vitest';
import type { FromApp, SpecificationText } from './exchange.ts';
import { send } from './send.ts';
import { TEXTS } from './texts.ts';
import { differences, mended, readHttp } from './wire.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const fromApp = ({ exchanges }: SpecificationText) =>
  exchanges.filter((exchange): exchange is FromApp => exchange.direction === 'app→hub');

describe.each(TEXTS.filter((text) => fromApp(text).length > 0))('$title', (text) => {
  it.each(fromApp(text))('$example: $what ($section)', async (exchange) => {
    const { wire, mend, differs } = exchange;
    // What is mended has to be broken.
    if (mend) expect(isJson(readHttp(wire).body)).toBe(false);
    const { printed, ours } = await send(text, exchange, mend ? mended(wire, mend) : wire);
    expect(differences(printed, ours).sort()).toEqual(Object.keys(differs).sort());
  });
});
