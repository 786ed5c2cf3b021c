// A web page behind a hub that delivers by webhook alone: the page follows the session, and its server has nothing but a relay.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import express from 'express';
import { createRelay } from 'fhircast-client/relay';
import { formatMessage, startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';

const here = import.meta.dirname;

// The app's server: a relay, a page, and the package's build for pages without a bundler.
const app = express();
const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const relay = createRelay({ baseUrl: `${origin}/relay` });
app.use('/relay', relay.node);
app.get('/', (_, response) => response.sendFile(resolve(here, 'page.html')));
app.use('/fhircast-client', express.static(resolve(here, '../../dist/browser')));

// What is elsewhere in real life: a hub, and an EHR that launches the page and changes the patient.
const hub = await startTestHub({ personality: 'draft', onMessage: (message) => console.log(formatMessage(message)) });
const session = hub.openSession();
app.get('/launch', (_, response) => void response.json(session.launch('draft')));
let turn = 0;
const clinician = createInterface({ input: process.stdin });
clinician.on('line', () => {
  const resource = TEST_PATIENTS[turn++ % TEST_PATIENTS.length];
  if (resource) void session.publish('Patient-open', [{ key: 'patient', resource }]);
});

console.log(`open ${origin}/`);
console.log('Enter opens another patient, as the EHR does. Leave with Ctrl+C.');

process.once('SIGINT', async () => {
  clinician.close();
  server.close();
  await relay.close(0);
  server.closeAllConnections();
  await hub.close();
});
