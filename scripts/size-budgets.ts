import type { Subpath } from './entry-points.ts';

/** What an entry point may weigh at most, in bytes after gzip, without fhirclient and express. */
export interface Budget {
  /** What is loaded at once. */
  readonly initial: number;
  /** With everything that is loaded only where it is needed. */
  readonly total: number;
}

/** The budgets: what was measured, and a little. The root is to come down to 22 kB. */
export const budgets: Record<Subpath, Budget> = {
  '.': { initial: 40_064, total: 43_712 },
  './launch': { initial: 40_768, total: 44_416 },
  './callback': { initial: 8_832, total: 8_832 },
  './callback/express': { initial: 2_304, total: 2_304 },
  './callback/fastify': { initial: 2_464, total: 2_464 },
  './callback/koa': { initial: 2_400, total: 2_400 },
  './callback/hono': { initial: 2_400, total: 2_400 },
  './callback/next': { initial: 2_464, total: 2_464 },
  './callback/aws-lambda': { initial: 3_392, total: 3_392 },
  './redis': { initial: 9_600, total: 9_600 },
  './relay': { initial: 13_632, total: 13_632 },
  './testing': { initial: 39_680, total: 39_680 },
};

/** What the files for pages without a bundler may weigh at most, in bytes after gzip. */
export const scriptBudgets: Readonly<Record<string, number>> = {
  'fhircast-client.min.js': 41_856,
  'fhircast-client.global.min.js': 41_856,
  'fhircast-relay.min.js': 48_768,
  'fhircast-relay.global.min.js': 48_768,
};
