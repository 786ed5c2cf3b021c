import { findOrInstallRedis } from './redis.ts';

/** Set-up of the tests that need a Redis: installs one where there is none, so that no test has to wait for it. */
export default function setup(): void {
  findOrInstallRedis();
}
