// A viewer, a report and a worklist in three windows, which share what is measured in the report that is open.
import { formatMessage } from 'fhircast-client/testing';
import { startMeasurements } from './demo.ts';

const measurements = await startMeasurements({
  port: Number(process.env.PORT ?? 0),
  onMessage: (message) => console.log(formatMessage(message)),
});
console.log(`open ${measurements.url}`);
console.log('Every message of the protocol appears here. Leave with Ctrl+C.');
process.once('SIGINT', () => void measurements.close());
