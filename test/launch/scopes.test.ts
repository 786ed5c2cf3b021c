import { describe, expect, it } from 'vitest';
import { uncovered } from '../../src/launch/scopes.ts';

const NAMES = ['Patient-open', 'Patient-close', 'ImagingStudy-open'];

describe('a granted wildcard', () => {
  it.each([
    ['fhircast/*.read', []],
    ['fhircast/*.*', []],
    ['FHIRCAST/*.READ', []],
    ['fhircast/*.write', NAMES],
    ['fhircast/patient-*.read', ['ImagingStudy-open']],
    ['fhircast/Patient-*.*', ['ImagingStudy-open']],
    ['fhircast/*-open.read', ['Patient-close']],
    ['fhircast/*study*open.read', ['Patient-open', 'Patient-close']],
    ['fhircast/Patient-open.*', ['Patient-close', 'ImagingStudy-open']],
    ['fhircast/open-patient-chart.read', ['Patient-close', 'ImagingStudy-open']],
    ['fhircast/patient-open*open.read', NAMES],
    ['fhircast/.*.read', NAMES],
    ['fhircast/patient.open.read', NAMES],
    ['fhircast/.read', NAMES],
    ['fhircast/*', NAMES],
    ['fhircast', []],
    ['fhircast fhircast/patient-*.read', ['ImagingStudy-open']],
    ['launch openid', NAMES],
  ])('%s leaves %j', (scope, left) => {
    expect(uncovered(scope, NAMES, 'read')).toEqual(left);
  });

  it('that is made to be hard to read is read in no time', () => {
    const stars = `fhircast/${'*a'.repeat(30_000)}.read`;
    const started = performance.now();
    expect(uncovered(stars, ['a'.repeat(20_000)], 'read')).toHaveLength(1);
    expect(uncovered(' '.repeat(1_000_000), NAMES, 'read')).toEqual(NAMES);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
