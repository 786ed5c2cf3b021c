/**
 * A relay in a process of its own, so that its end can be seen. It says its port in a line of JSON, and answers each line of
 * its input by the most memory that it has used since the one before.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRelay } from '../../src/relay/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Everything that the process holds, in bytes. */
const used = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const server = createServer((request, response) => relay.node(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = address !== null && typeof address === 'object' ? address.port : 0;
const relay = createRelay({
  baseUrl: `http://127.0.0.1:${port}/relay`,
  authorize: ({ headers }) => headers.get('cookie') !== 'stranger',
});

collect();
let before = used();
let most = before;
const measure = () => {
  collect();
  most = Math.max(most, used());
};
setInterval(measure, 20);
say({ port });

for await (const _ of createInterface({ input: process.stdin })) {
  measure();
  say({ grown: most - before });
  before = most = used();
}
process.exit(0);
