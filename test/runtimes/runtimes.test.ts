import { beforeAll, describe, expect, it } from 'vitest';
import { conduct, type Performance } from './conductor.ts';
import { EXPECTATIONS, type Expectation, OF_OWN_WEBSOCKET } from './expectations.ts';
import { installed } from './installed.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The column of the table in the documentation to which a test belongs. */
    column?: string;
  }
}

const byTitle = (expectations: readonly Expectation[]) =>
  expectations.map((expectation) => [expectation.title, expectation] as const);

describe.each(installed.map((runtime) => [runtime.name, runtime] as const))('%s', (_name, runtime) => {
  let performance: Performance;

  beforeAll(async () => {
    performance = await conduct(runtime);
  });

  it.for(byTitle(EXPECTATIONS))('%s', ([, { column, found, expected }], { task }) => {
    task.meta.column = column;
    expect(found(performance)).toEqual(expected(runtime));
  });

  it.for(byTitle(OF_OWN_WEBSOCKET))('%s', ([, { column, found, expected }], { task }) => {
    task.meta.column = column;
    // Node.js has none before version 22.
    if (performance.observations.ownWebsocket === undefined) expect(runtime.version).toMatch(/^20\./);
    else expect(found(performance)).toEqual(expected(runtime));
  });
});
