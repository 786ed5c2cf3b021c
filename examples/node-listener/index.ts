// Follows a session over a websocket and prints what is opened and closed.
import { FhircastClient } from 'fhircast-client';
import { demoSession } from '../demo-session.ts';

const { FHIRCAST_HUB: hubUrl, FHIRCAST_TOPIC: topic, FHIRCAST_TOKEN: accessToken } = process.env;
const options = hubUrl && topic && accessToken ? { hubUrl, topic, accessToken } : await demoSession('stu');

const client = new FhircastClient({ ...options, subscriberName: 'node-listener' });
client.on('Patient-open', (event) => console.log('opened', `Patient/${event.patient.id}`));
client.on('Patient-close', (event) => console.log('closed', `Patient/${event.patient?.id}`));
client.on('sync', ({ state, since }) => console.log('session', state, `since ${new Date(since).toISOString()}`));
client.on('state', ({ state, reason }) => console.log(state, `(${reason})`));
client.on('error', (error) => console.error(`${error.code}: ${error.message}`));

process.once('SIGINT', () => client.unsubscribe());
await client.ready();
