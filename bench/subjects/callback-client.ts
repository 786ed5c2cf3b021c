import type { RequestListener } from 'node:http';
import { FhircastClient } from 'fhircast-client';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { ready, serve } from './parent.ts';

const [hubUrl = '', ...topics] = process.argv.slice(2);
let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const callback = createCallbackEndpoint({ baseUrl });
listener = callback.node;
let patient: unknown;
for (const topic of topics) {
  const client = new FhircastClient({ hubUrl, topic, dialect: 'draft', callback });
  client.on('Patient-open', (event) => {
    patient = event.patient;
  });
  client.on('error', (error) => {
    throw error;
  });
  await client.ready();
}
process.on('exit', () => {
  if (!patient) console.error('No event was delivered.');
});
ready();
