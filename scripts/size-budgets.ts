import type { Subpath } from './entry-points.ts';

/** What an entry point may weigh at most, in bytes after gzip, without fhirclient, express and react. */
export interface Budget {
  /** What is loaded at once. */
  readonly initial: number;
  /** With everything that is loaded only where it is needed. */
  readonly total: number;
}

/** The budgets: what was measured, and a little. The root is to come down to 22 kB. */
export const budgets: Record<Subpath, Budget> = {
  '.': { initial: 43_712, total: 47_360 },
  './launch': { initial: 44_544, total: 48_192 },
  // With the client. Beside it, content is to come down from 9.2 kB to 6 kB.
  './content': { initial: 52_864, total: 56_512 },
  './callback': { initial: 8_960, total: 8_960 },
  './callback/express': { initial: 2_368, total: 2_368 },
  './callback/fastify': { initial: 2_496, total: 2_496 },
  './callback/koa': { initial: 2_432, total: 2_432 },
  './callback/hono': { initial: 2_400, total: 2_400 },
  './callback/next': { initial: 2_464, total: 2_464 },
  './callback/aws-lambda': { initial: 3_456, total: 3_456 },
  './redis': { initial: 11_008, total: 11_008 },
  './relay': { initial: 13_824, total: 13_824 },
  './radiology': { initial: 1_728, total: 1_728 },
  './observe': { initial: 1_536, total: 1_536 },
  './scopes': { initial: 4_608, total: 4_608 },
  // With the client.
  './react': { initial: 46_528, total: 50_176 },
  // With the client, which it is.
  // Without msw, which the app has.
  './testing/msw': { initial: 3_008, total: 3_008 },
  './testing/fake': { initial: 46_464, total: 50_112 },
  './testing': { initial: 44_416, total: 44_416 },
};

/** What the files for pages without a bundler may weigh at most, in bytes after gzip. */
export const scriptBudgets: Readonly<Record<string, number>> = {
  'fhircast-client.min.js': 43_776,
  'fhircast-client.global.min.js': 43_904,
  'fhircast-relay.min.js': 50_304,
  'fhircast-relay.global.min.js': 50_432,
};
