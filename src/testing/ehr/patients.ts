import type { Patient } from 'fhir/r4.js';

const MRN = 'https://ehr.example.org/mrn';

/** Made-up patients in FHIR R4. Nobody is meant; each is tagged as test data. */
export const TEST_PATIENTS: readonly [Patient, Patient, Patient, Patient] = [
  patient('ada-quill', 'MRN-100231', 'Quill', ['Ada', 'Rosalind'], 'female', '1957-03-14'),
  patient('bram-oakhurst', 'MRN-100548', 'Oakhurst', ['Bram'], 'male', '1984-11-02'),
  patient('chidi-marlowe', 'MRN-100877', 'Marlowe', ['Chidi', 'Samuel'], 'male', '2016-06-29'),
  patient('dalia-fenwick', 'MRN-101194', 'Fenwick', ['Dalia'], 'female', '1999-01-20'),
];

function patient(
  id: string,
  mrn: string,
  family: string,
  given: string[],
  gender: 'female' | 'male',
  birthDate: string,
): Patient {
  return {
    resourceType: 'Patient',
    id,
    meta: {
      tag: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST', display: 'test health data' },
      ],
    },
    identifier: [
      {
        use: 'usual',
        type: {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR', display: 'Medical record number' },
          ],
        },
        system: MRN,
        value: mrn,
      },
    ],
    active: true,
    name: [{ use: 'official', text: `${given.join(' ')} ${family}`, family, given }],
    gender,
    birthDate,
  };
}
