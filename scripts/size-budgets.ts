import type { Subpath } from './entry-points.ts';

/** What an entry point may weigh at most, in bytes after gzip, without fhirclient and express. */
export interface Budget {
  /** What is loaded at once. */
  readonly initial: number;
  /** With everything that is loaded only where it is needed. */
  readonly total: number;
}

/** The budgets: what was measured, and a little. The root is to come down to 12,288. */
export const budgets: Record<Subpath, Budget> = {
  '.': { initial: 29_696, total: 38_528 },
  './callback': { initial: 6_272, total: 6_272 },
  './callback/express': { initial: 2_304, total: 2_304 },
  './callback/fastify': { initial: 2_432, total: 2_432 },
  './callback/koa': { initial: 2_368, total: 2_368 },
  './callback/hono': { initial: 2_304, total: 2_304 },
  './callback/next': { initial: 2_368, total: 2_368 },
  './callback/aws-lambda': { initial: 3_008, total: 3_008 },
  './redis': { initial: 9_216, total: 9_216 },
  './relay': { initial: 7_424, total: 7_424 },
  './testing': { initial: 37_888, total: 37_888 },
};
