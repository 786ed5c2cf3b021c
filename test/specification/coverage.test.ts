import { describe, expect, it } from 'vitest';
import type { DialectName } from '../../src/index.ts';
import { TEXTS } from './texts.ts';

describe.each(TEXTS)('$title', ({ examples, exchanges, leftOut }) => {
  const all = Array.from({ length: examples }, (_, index) => index + 1);
  const played = new Set(exchanges.map(({ example }) => example));
  const excused = Object.keys(leftOut).map(Number);

  it('has every example, as an exchange or with the reason why it is none', () => {
    expect([...played, ...excused].sort((a, b) => a - b)).toEqual(all);
  });

  it('has its exchanges in the order of the text', () => {
    const order = exchanges.map(({ example }) => example);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

it('has a text for every dialect', () => {
  const dialects: readonly DialectName[] = ['draft', 'ballot', 'stu1', 'stu2', 'stu3'];
  expect(new Set(TEXTS.map(({ dialect }) => dialect))).toEqual(new Set(dialects));
});
