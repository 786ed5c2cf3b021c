/**
 * One instance of an app behind a load balancer, in a process of its own. It says in lines of JSON what happens; a line on its
 * input makes it subscribe, and the end of its input makes it leave.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { redisRouter } from '../../src/redis/index.ts';

// A pipe is written to at once: what is said before an answer is out before the answer is.
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const { url, ...options } = JSON.parse(process.env['INSTANCE'] ?? '{}');
const client = createClient({ url, socket: { reconnectStrategy: 20 } });
const router = redisRouter({
  ...options,
  client,
  onLost: (lost) => say({ lost }),
  onState: (state) => say({ state }),
});
const server = createServer((request, response) => callback.node(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = address !== null && typeof address === 'object' ? address.port : 0;
const callback = createCallbackEndpoint({ baseUrl: `http://127.0.0.1:${port}/fhircast`, router });
await router.ready();
say({ port });

for await (const _ of createInterface({ input: process.stdin })) {
  const { url, secret } = await callback.open({
    verify: () => true,
    deny: () => true,
    notify: (delivered) => {
      say({ delivered });
      return 200;
    },
    rejected: ({ code }) => say({ code }),
  });
  say({ url, secret });
}
await router.close();
server.close();
server.closeAllConnections();
