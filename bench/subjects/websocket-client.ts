import { FhircastClient } from 'fhircast-client';
import { ready } from './parent.ts';
import { noteWaits } from './waits.ts';

const [hubUrl = '', topic = '', listeners = '1'] = process.argv.slice(2);
const client = new FhircastClient({ hubUrl, topic });
const note = noteWaits();
let patient: unknown;
client.on('Patient-open', (event) => {
  patient = event.patient;
  note(event.id);
});
let heard = 0;
for (let more = 1; more < Number(listeners); more++) {
  client.on('Patient-open', () => {
    heard++;
  });
}
client.on('error', (error) => {
  throw error;
});
await client.ready();
process.on('exit', () => {
  if (!patient || (Number(listeners) > 1 && heard === 0)) console.error('No event was delivered.');
});
ready();
