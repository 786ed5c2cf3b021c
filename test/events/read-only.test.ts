import { describe, expect, expectTypeOf, it } from 'vitest';
import { CurrentContext } from '../../src/events/current-context.ts';
import { FhircastEvent as Event } from '../../src/events/event.ts';
import { deepFreeze } from '../../src/events/read-only.ts';
import type { ContextEntry, DeepReadonly, FhircastEvent } from '../../src/index.ts';
import { eventOf, notify } from '../client/support.ts';

const PATIENT = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Quill', given: ['Ada'] }] } as const;
const CONTEXT = [{ key: 'patient', resource: PATIENT }] as unknown as ContextEntry[];

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Every object that can be reached, of those that are no class's. */
const reachable = (value: unknown, found = new Set<object>()): Set<object> => {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  for (const part of Object.values(value)) reachable(part, found);
  return found;
};

const expectFrozen = (value: unknown) => {
  const all = reachable(value);
  expect(all.size).toBeGreaterThan(0);
  for (const one of all) expect(Object.isFrozen(one)).toBe(true);
};

describe('what a listener gets', () => {
  const ways: Readonly<Record<string, (event: FhircastEvent) => unknown>> = {
    context: (event) => event.context,
    raw: (event) => event.raw,
    patient: (event) => event.patient,
    anchor: (event) => event.anchor,
    resources: (event) => event.resources('patient', 'Patient')[0],
    event: (event) => event,
  };

  it.each(Object.entries(ways))('cannot be changed, whichever way it is looked at: %s', (_, look) => {
    expectFrozen(look(eventOf({ context: copy(CONTEXT) })));
  });

  it('cannot be changed where the hub wrote the type of a resource in another case', () => {
    const context = copy(CONTEXT).map(({ key, resource }) => ({
      key,
      resource: { ...resource, resourceType: 'patient' },
    }));
    const event = eventOf({ context: context as unknown as ContextEntry[] });
    expect(event.patient?.resourceType).toBe('Patient');
    expectFrozen(event.patient);
  });

  it('cannot be changed where the message had to be mended', () => {
    const entry = { key: 'patient', resource: PATIENT, reference: '' };
    const event = eventOf({ context: copy([entry]) as unknown as ContextEntry[] });
    expectFrozen(event.raw);
    expectFrozen(event.context);
  });

  it('is the same for everybody: each listener, and the context of the session', () => {
    const notification = notify({ context: copy(CONTEXT) });
    const event = new Event(
      notification,
      { source: 'hub', isEcho: false, isCurrent: false },
      { waitUntil: () => {}, refuse: () => {} },
    );
    const context = new CurrentContext('Patient', notification.context);
    expect(event.patient).toBe(context.patient);
    expectFrozen(context.context);
    expectFrozen(context);
  });

  it('has a type that says so', () => {
    const event = eventOf({ context: copy(CONTEXT) });
    const { patient } = event;
    if (!patient) throw new Error('There is a patient.');
    const change = () => {
      // @ts-expect-error nothing of it can be changed
      patient.active = false;
    };
    expect(change).toThrow(TypeError);
    // @ts-expect-error at no depth
    expect(() => patient.name?.[0]?.given?.push('Bram')).toThrow(TypeError);
    expectTypeOf<DeepReadonly<{ a: { b: string[] }[]; c: unknown }>>().toEqualTypeOf<{
      readonly a: readonly { readonly b: readonly string[] }[];
      readonly c: unknown;
    }>();
  });
});

describe('deepFreeze', () => {
  it('takes what is nested as deep as a message can be', () => {
    const depth = 100_000;
    const value: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(Object.isFrozen(deepFreeze(value))).toBe(true);
  });

  it.each([undefined, null, 1, 'text'])('leaves %s as it is', (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
