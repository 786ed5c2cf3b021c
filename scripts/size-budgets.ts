import type { Subpath } from './entry-points.ts';

/**
 * What an entry point may weigh at most, in bytes after gzip, with everything that it loads at once or lazily but
 * fhirclient and express.
 */
export const budgets: Record<Subpath, number> = {
  '.': 12_288,
  './callback': 6_144,
  './callback/express': 6_144,
  './testing': 40_960,
};
