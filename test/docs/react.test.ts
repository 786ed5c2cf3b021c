import '../react/page.ts';
import { describe, expect, it, vi } from 'vitest';
import { blocksOf, documents } from './blocks.ts';
import { runBlock } from './run-block.ts';

vi.setConfig({ testTimeout: 40_000 });

const programs = documents.flatMap(blocksOf).filter(({ language }) => language === 'tsx');

describe('the documentation of the hooks', () => {
  it('has blocks', () => expect(programs.length).toBeGreaterThan(8));

  it.each(programs)('runs as written: $file, line $line', ({ fixture, code }) => runBlock(fixture, code));
});
