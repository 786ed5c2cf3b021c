import type { RequestListener } from 'node:http';
import { redisRouter } from 'fhircast-client/redis';
import { createRelay } from 'fhircast-client/relay';
import { createClient } from 'redis';
import { memory } from './memory.ts';
import { ready, serve } from './parent.ts';

// A relay, alone or one of several behind a load balancer. Tells how much memory it has when it is asked.
const [redisUrl = ''] = process.argv.slice(2);
let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const router = redisUrl ? redisRouter({ client: createClient({ url: redisUrl }), prefix: 'bench-relay:' }) : undefined;
await router?.ready();
const relay = createRelay({ baseUrl, maxPages: 100_000, ...(router ? { router } : {}) });
listener = relay.node;
process.on('message', (message) => {
  if (message !== 'memory') return;
  process.send?.(JSON.stringify({ ...memory(), pages: relay.pages }));
});
ready(baseUrl);
