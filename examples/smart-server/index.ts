// A SMART app on a server: it completes the launch there, and follows the FHIRcast session of each user who has started it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { smartServer } from './app.ts';
import { startDemoEhr } from './demo-ehr.ts';

const { FHIR_URL, CLIENT_ID = 'smart-server', PORT = '0' } = process.env;
const demo = FHIR_URL ? undefined : await startDemoEhr();
const { app, leaveAll } = smartServer({ fhirUrl: FHIR_URL ?? demo?.fhirUrl ?? '', clientId: CLIENT_ID });

const server = createServer(app).listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const launchUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/launch`;
if (demo) console.log('No EHR was given: there is one on this machine. Leave with Ctrl+C.');
console.log(demo ? 'open' : 'launch', demo?.launchUrl(launchUrl) ?? launchUrl);

process.once('SIGINT', async () => {
  await leaveAll();
  server.close();
  server.closeAllConnections();
  await demo?.close();
});
