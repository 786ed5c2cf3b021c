import { loadMedplum, MEDPLUM_OPTIONS } from './medplum.ts';
import { ready } from './parent.ts';
import { noteWaits } from './waits.ts';

const [endpoint = '', topic = ''] = process.argv.slice(2);
const { FhircastConnection } = await loadMedplum();
const subscription = { channelType: 'websocket', mode: 'subscribe', topic, events: ['Patient-open'], endpoint };
const connection = new FhircastConnection(subscription, MEDPLUM_OPTIONS);
const note = noteWaits();
let event: unknown;
connection.addEventListener('message', ({ payload }) => {
  event = payload.event;
  note(payload.id);
});
await new Promise<void>((resolve) => connection.addEventListener('connect', resolve));
process.on('exit', () => {
  if (!event) console.error('No event was delivered.');
});
ready();
