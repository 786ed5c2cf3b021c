import type { RequestListener } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { redisRouter } from 'fhircast-client/redis';
import { createRelay } from 'fhircast-client/relay';
import { createClient } from 'redis';
import { ready, serve } from './parent.ts';

// A relay, alone or one of several behind a load balancer. Tells how much memory it has when it is asked.
const [redisUrl = ''] = process.argv.slice(2);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const router = redisUrl ? redisRouter({ client: createClient({ url: redisUrl }), prefix: 'bench-relay:' }) : undefined;
await router?.ready();
const relay = createRelay({ baseUrl, maxPages: 100_000, ...(router ? { router } : {}) });
listener = relay.node;
process.on('message', (message) => {
  if (message !== 'memory') return;
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.(JSON.stringify({ heap: heapUsed + external, resident: rss, pages: relay.pages }));
});
ready(baseUrl);
