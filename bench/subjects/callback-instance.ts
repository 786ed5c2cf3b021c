import type { RequestListener } from 'node:http';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { redisRouter } from 'fhircast-client/redis';
import { createClient } from 'redis';
import { listenerOf } from './clock.ts';
import { ready, serve } from './parent.ts';

// One of several instances behind a load balancer, with some of the subscriptions.
const [redisUrl = '', owned = '0'] = process.argv.slice(2);
let listener: RequestListener | undefined;
const origin = await serve((request, response) => listener?.(request, response));
const router = redisRouter({ client: createClient({ url: redisUrl }), prefix: 'bench:' });
await router.ready();
const callback = createCallbackEndpoint({ baseUrl: origin, router });
listener = callback.node;
const { owner, report } = listenerOf();
const targets: { url: string; secret: string }[] = [];
for (let index = 0; index < Number(owned); index++) {
  const { url, secret } = await callback.open(owner);
  targets.push({ url, secret });
}
report();
ready(JSON.stringify({ origin, targets }));
