import type { Subpath } from './entry-points.ts';

/** What an entry point may weigh at most, in bytes after gzip, without fhirclient and express. */
export interface Budget {
  /** What is loaded at once. */
  readonly initial: number;
  /** With everything that is loaded only where it is needed. */
  readonly total: number;
}

/** The budgets: what was measured, and a little. The root is to come down to half of that. */
export const budgets: Record<Subpath, Budget> = {
  '.': { initial: 43_008, total: 51_712 },
  './callback': { initial: 8_320, total: 8_320 },
  './callback/express': { initial: 3_200, total: 3_200 },
  './callback/fastify': { initial: 3_328, total: 3_328 },
  './callback/koa': { initial: 3_264, total: 3_264 },
  './callback/hono': { initial: 3_264, total: 3_264 },
  './callback/next': { initial: 3_328, total: 3_328 },
  './callback/aws-lambda': { initial: 4_352, total: 4_352 },
  './redis': { initial: 10_496, total: 10_496 },
  './relay': { initial: 13_056, total: 13_056 },
  './testing': { initial: 39_680, total: 39_680 },
};
