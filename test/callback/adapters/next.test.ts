import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { BODY_PARSED, expectBodyLost, meetsExpectations } from './expectations.ts';
import { type BuiltApp, buildNextApp } from './next-app.ts';

/** A build takes a quarter of a minute on a machine of its own. */
const BUILD_MS = 240_000;

let building: Promise<BuiltApp> | undefined;
const start = async (mount?: string) => {
  building ??= buildNextApp();
  return (await building).start(mount);
};

afterAll(async () => (await building)?.remove());

meetsExpectations('Next.js', () => start(), { startMs: BUILD_MS, trailingSlash: 308, undecodable: 500 });

describe('a callback endpoint on Next.js', () => {
  it(
    'throws when the route has read the body before',
    async () => {
      const app = await start('/behind-json');
      onTestFinished(async () => void (await app.close()));
      await expectBodyLost(app);
      expect(app.errors).toEqual([BODY_PARSED]);
    },
    BUILD_MS,
  );
});
