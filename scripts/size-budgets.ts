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
  '.': { initial: 43_136, total: 46_784 },
  './launch': { initial: 43_840, total: 47_488 },
  // With the client. Beside it, content is to come down from 8.5 kB to 6 kB.
  './content': { initial: 51_712, total: 55_360 },
  './callback': { initial: 8_896, total: 8_896 },
  './callback/express': { initial: 2_368, total: 2_368 },
  './callback/fastify': { initial: 2_496, total: 2_496 },
  './callback/koa': { initial: 2_432, total: 2_432 },
  './callback/hono': { initial: 2_400, total: 2_400 },
  './callback/next': { initial: 2_464, total: 2_464 },
  './callback/aws-lambda': { initial: 3_456, total: 3_456 },
  './redis': { initial: 10_880, total: 10_880 },
  './relay': { initial: 13_696, total: 13_696 },
  './radiology': { initial: 1_728, total: 1_728 },
  // With the client.
  './react': { initial: 45_888, total: 49_536 },
  './testing': { initial: 44_288, total: 44_288 },
};

/** What the files for pages without a bundler may weigh at most, in bytes after gzip. */
export const scriptBudgets: Readonly<Record<string, number>> = {
  'fhircast-client.min.js': 43_264,
  'fhircast-client.global.min.js': 43_264,
  'fhircast-relay.min.js': 49_664,
  'fhircast-relay.global.min.js': 49_664,
};
