import { FhircastClient } from 'fhircast-client';
import { ready } from './parent.ts';

const [hubUrl = '', topic = ''] = process.argv.slice(2);
const client = new FhircastClient({ hubUrl, topic });
let patient: unknown;
client.on('Patient-open', (event) => {
  patient = event.patient;
});
client.on('error', (error) => {
  throw error;
});
await client.ready();
process.on('exit', () => {
  if (!patient) console.error('No event was delivered.');
});
ready();
