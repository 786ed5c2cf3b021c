import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { isKnownName } from '../../src/events/known-names.ts';
import { ALIASES, CATALOGUE_NAMES, canonicalName } from '../../src/events/names.ts';
import { type CheckedName, FhircastClient, type UnknownEventName } from '../../src/index.ts';

const typesOf = (version: string): string[] => {
  const file = resolve(import.meta.dirname, `../../node_modules/@types/fhir/${version}.d.ts`);
  return [...readFileSync(file, 'utf8').matchAll(/readonly resourceType: ["'](\w+)["']/g)].map(
    ([, type]) => type ?? '',
  );
};

const isKnown = (name: string) => isKnownName(canonicalName(name));

describe('a name of an event', () => {
  it('is known when it is published, in any case', () => {
    for (const name of [...CATALOGUE_NAMES, ...Object.keys(ALIASES)])
      for (const one of [name, name.toLowerCase(), name.toUpperCase()])
        expect([one, isKnown(one)]).toEqual([one, true]);
  });

  it.each(['r4', 'r4b', 'r5'])('is known when it is of a resource of FHIR: %s', (version) => {
    const types = typesOf(version);
    expect(types.length).toBeGreaterThan(140);
    for (const type of types)
      for (const verb of ['open', 'close', 'update', 'select'])
        expect([type, isKnown(`${type}-${verb}`)]).toEqual([type, true]);
  });

  it.each(['*', 'heartbeat', 'org.example.something', 'com.example.patient-opened'])(
    'is known when it is %s',
    (name) => {
      expect(isKnown(name)).toBe(true);
    },
  );

  it.each([
    'Patient-opened',
    'Pateint-close',
    'Patient-closed',
    'ImagingStdy-open',
    'DiagnosticReprot-update',
    'synced',
    'Patient-opens',
    'Patients-open',
    'open-Patient',
    'Home-close',
    'Home-update',
    '',
  ])('is not known when it is mistyped: %s', (name) => {
    expect(isKnown(name)).toBe(false);
  });

  it('is checked by the compiler', () => {
    expectTypeOf<CheckedName<'switch-patient-chart'>>().toEqualTypeOf<'switch-patient-chart'>();
    expectTypeOf<CheckedName<'IMAGINGSTUDY-OPEN'>>().toEqualTypeOf<'IMAGINGSTUDY-OPEN'>();
    expectTypeOf<CheckedName<'ImagingSelection-open'>>().toEqualTypeOf<'ImagingSelection-open'>();
    expectTypeOf<CheckedName<'org.example.something'>>().toEqualTypeOf<'org.example.something'>();
    expectTypeOf<CheckedName<string>>().toEqualTypeOf<string>();
    expectTypeOf<CheckedName<'Patient-opened'>>().toEqualTypeOf<UnknownEventName<'Patient-opened'>>();
    const client = new FhircastClient({ hubUrl: 'https://hub.example.org', topic: 'topic', fetch: Promise.reject });
    const listen = () => {};
    // @ts-expect-error no event is in the past tense
    client.on('Patient-opened', listen).off('Patient-opened');
    // @ts-expect-error the client's own event is `sync`
    client.once('synced', listen).off('synced');
    client.on('the hub’s own' as string, listen).off('the hub’s own');
    client.on('sync', listen).on('*', listen).on('patient-OPEN', listen).off('*').off('patient-open');
  });
});

describe('the scopes of a name that is mistyped', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('are written to the console, once', () => {
    const written = vi.spyOn(console, 'warn').mockImplementation(() => {});
    // @ts-expect-error a letter too far
    const ask = () => FhircastClient.scopes(['Pateint-close', 'Patient-open', '*']);
    expect(ask()).toBe('fhircast/pateint-close.read fhircast/Patient-open.read fhircast/*.read');
    ask();
    expect(written.mock.calls).toEqual([
      [expect.stringMatching(/^fhircast-client: event-unknown \(pateint-close\): \S/)],
    ]);
  });
});
