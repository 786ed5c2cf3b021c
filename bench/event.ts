import { randomBytes } from 'node:crypto';

const PATIENT = {
  resourceType: 'Patient',
  id: '1984-0423',
  meta: { versionId: '7', lastUpdated: '2026-01-15T09:41:12.000Z' },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Anna Beispiel, 1984-04-23</div>' },
  identifier: [
    {
      use: 'usual',
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
      system: 'urn:oid:1.2.36.146.595.217.0.1',
      value: '1984042301',
    },
  ],
  active: true,
  name: [{ use: 'official', family: 'Beispiel', given: ['Anna', 'María'] }],
  telecom: [{ system: 'phone', value: '+1 555 0100', use: 'home' }],
  gender: 'female',
  birthDate: '1984-04-23',
  address: [{ use: 'home', line: ['1 Example Street'], city: 'Springfield', postalCode: '12345', country: 'US' }],
};

/** Makes the texts of events of one session, each newer than the one before. */
export type EventSource = () => string;

/** An observation of some 600 bytes, of which a report has many. */
const OBSERVATION = {
  fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000000',
  resource: {
    resourceType: 'Observation',
    id: 'measurement-1',
    status: 'preliminary',
    code: { coding: [{ system: 'http://loinc.org', code: '21889-1', display: 'Size Tumor' }] },
    subject: { reference: 'Patient/1984-0423' },
    effectiveDateTime: '2026-01-15T09:41:12.000Z',
    valueQuantity: { value: 12.5, unit: 'mm', system: 'http://unitsofmeasure.org', code: 'mm' },
    bodySite: { coding: [{ system: 'http://snomed.info/sct', code: '39607008', display: 'Lung structure' }] },
    note: [{ text: 'Measured on series 4, image 112, in the axial plane. Unchanged since the last examination.' }],
  },
};

/** What is in the context beside the patient, so that an event has about a size in bytes. */
const filling = (bytes: number): readonly object[] => {
  const count = Math.round((bytes - 1_000) / JSON.stringify(OBSERVATION).length);
  if (count <= 0) return [];
  const entry = Array.from({ length: count }, () => OBSERVATION);
  return [{ key: 'measurements', resource: { resourceType: 'Bundle', id: 'updates', type: 'collection', entry } }];
};

/**
 * A session in which a patient is opened again and again, with distinct ids and rising timestamps.
 *
 * @param topic the session
 * @param hubEvent the event's name
 * @param bytes about how large an event is
 */
export function patientOpens(topic: string, hubEvent: string, bytes = 1_000): EventSource {
  const event = JSON.stringify({
    'hub.topic': topic,
    'hub.event': hubEvent,
    context: [{ key: 'patient', resource: PATIENT }, ...filling(bytes)],
  });
  const session = randomBytes(12).toString('hex');
  // In the past: what is far ahead of the clock is not taken for a time.
  const start = Date.now() - 3_600_000;
  let count = 0;
  return () => {
    count++;
    const id = `${session}${count.toString(16).padStart(8, '0')}`;
    return `{"timestamp":"${new Date(start + count).toISOString()}","id":"${id}","event":${event}}`;
  };
}
