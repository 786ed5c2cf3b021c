/**
 * `fhircast-client/redis`: a callback router for several instances behind a load balancer.
 *
 * @packageDocumentation
 */
export type { LostReason, RouterOptions } from '../callback/router.ts';
export { FhircastError } from '../errors.ts';
export type { RedisRouterClient } from './link.ts';
export type { RedisRouterOptions, RedisRouterState } from './options.ts';
export { type RedisRouter, type RedisRouterCounts, redisRouter } from './router.ts';
