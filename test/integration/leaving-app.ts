/**
 * An app in a process of its own: it follows, changes the context, and leaves. It never ends its process: that must end by
 * itself. The launch is in the environment.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { FhircastClient } from '../../src/index.ts';

const server = createServer((request, response) => callback.node(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const callback = createCallbackEndpoint({ baseUrl: `http://127.0.0.1:${port}/fhircast` });

const client = await FhircastClient.fromSmartLaunch(JSON.parse(process.env['LAUNCH'] ?? ''), { callback });
const echo = new Promise<void>((resolve) => {
  client.on('Patient-open', (event) => {
    resolve();
    // Never settles: what a listener does not finish must not keep the process either.
    event.waitUntil(new Promise(() => undefined));
  });
});
await client.ready();
const patient = { resourceType: 'Patient', id: 'p1' } as const;
// Whether others follow is still open when the app leaves.
const { accepted } = await client.requestContextChange('Patient-open', { patient });
await echo;
await client.unsubscribe();
server.close();
server.closeIdleConnections();
process.stdout.write(`${accepted ? 'accepted' : 'refused'}, ${client.state}\n`);
