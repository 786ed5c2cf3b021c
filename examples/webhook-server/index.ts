// An app server that follows a session of a webhook hub (January 2019 draft) with Express.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { expressCallback } from 'fhircast-client/callback/express';
import { demoSession } from '../demo-session.ts';

const app = express();
const server = app.listen(Number(process.env.PORT ?? 0));
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

// PUBLIC_URL is where the hub reaches this server. Mount the endpoint before express.json(): signatures need the raw body.
const callback = createCallbackEndpoint({
  baseUrl: `${process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`}/fhircast`,
});
app.use('/fhircast', expressCallback(callback));

const { FHIRCAST_HUB: hubUrl, FHIRCAST_TOPIC: topic, FHIRCAST_TOKEN: accessToken } = process.env;
const session = hubUrl && topic && accessToken ? { hubUrl, topic, accessToken } : await demoSession('draft');

const client = new FhircastClient({ dialect: 'draft', ...session, callback });
client.on('patient-open-chart', (event) => console.log('opened', `Patient/${event.patient.id}`));
client.on('patient-close-chart', (event) => console.log('closed', `Patient/${event.patient?.id}`));
client.on('sync', ({ state, since }) => console.log('session', state, `since ${new Date(since).toISOString()}`));
client.on('state', ({ state, reason }) => console.log(state, `(${reason})`));
client.on('error', (error) => console.error(`${error.code}: ${error.message}`));

process.once('SIGINT', async () => {
  await client.unsubscribe();
  server.close();
  server.closeAllConnections();
});
await client.ready();
