/**
 * `fhircast-client/redis`: a callback router for several instances behind a load balancer.
 *
 * @packageDocumentation
 */
export type { LostReason, RouterOptions } from '../callback/callback-router.ts';
export { FhircastError } from '../errors/errors.ts';
export type { RedisRouterClient } from './link.ts';
export type { RedisRouterOptions, RedisRouterState } from './redis-options.ts';
export { type RedisRouter, type RedisRouterCounts, redisRouter } from './redis-router.ts';
