import { afterAll, beforeAll, describe } from 'vitest';
import { routerPromises } from '../callback/router-promises.ts';
import { appOptions, grow, openRouter, type RedisServer, startRedis } from './support.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

describe('redisRouter', () => {
  routerPromises(async (given) => {
    const options = appOptions(redis, given);
    await grow(redis, options.prefix ?? '');
    return { router: await openRouter(options), other: await openRouter(options) };
  });
});
