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
  '.': { initial: 29_312, total: 38_016 },
  './callback': { initial: 5_248, total: 5_248 },
  './callback/express': { initial: 2_688, total: 2_688 },
  './callback/fastify': { initial: 9_999, total: 9_999 },
  './callback/koa': { initial: 9_999, total: 9_999 },
  './callback/hono': { initial: 9_999, total: 9_999 },
  './callback/next': { initial: 9_999, total: 9_999 },
  './callback/aws-lambda': { initial: 9_999, total: 9_999 },
  './redis': { initial: 9_999, total: 9_999 },
  './relay': { initial: 7_552, total: 7_552 },
  './testing': { initial: 37_888, total: 37_888 },
};
