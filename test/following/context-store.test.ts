import fc from 'fast-check';
import type { FhirResource } from 'fhir/r4';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ContextEntry } from '../../src/events/context.ts';
import { changesContext, kindOf } from '../../src/events/kind.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { notify } from '../client/support.ts';

const entry = (key: string, resource: object): ContextEntry => ({ key, resource: resource as FhirResource });
const patient = (facts: object) => [entry('patient', { resourceType: 'Patient', ...facts })];
const study = (id: string) => [entry('study', { resourceType: 'ImagingStudy', id })];
const identifier = (value: string, system = 'urn:mrn') => ({ identifier: [{ system, value }] });

/** A store that has followed these events, one minute after another. */
function following(...events: [name: string, context: ContextEntry[]][]) {
  const store = new ContextStore();
  for (const [minute, [name, context]] of events.entries()) {
    const timestamp = new Date(Date.UTC(2024, 4, 1, 10, minute)).toISOString();
    store.apply(notify({ id: `event-${minute}`, name, context, timestamp }));
  }
  const { current, open } = store.session;
  return { store, current, open };
}

describe('the context of a session', () => {
  it('keeps no more open than 32 million characters of messages, whatever a publisher sends', () => {
    const store = new ContextStore();
    const open = (id: string, length: number) => store.apply({ ...notify({ id, context: patient({ id }) }), length });
    for (let i = 0; i < 64; i++) open(`p${i}`, 100);
    expect(store.session.open).toHaveLength(64);
    for (let i = 0; i < 10; i++) open(`large-${i}`, 10 * 1024 * 1024);
    expect(store.session.open.map(({ patient: one }) => one?.id)).toEqual(['large-7', 'large-8', 'large-9']);
    open('small', 100);
    expect(store.session.open).toHaveLength(4);
    expect(store.current?.patient?.id).toBe('small');
  });

  it('is nothing at first', () => {
    expect(following()).toMatchObject({ current: null, open: [] });
  });

  it('is what was opened last, beside what else is open', () => {
    const { current, open } = following(['Patient-open', patient({ id: 'p1' })], ['ImagingStudy-open', study('s1')]);
    expect(current).toMatchObject({ type: 'ImagingStudy', id: 'event-1', timestamp: '2024-05-01T10:01:00.000Z' });
    expect(open.map(({ type }) => type)).toEqual(['Patient', 'ImagingStudy']);
  });

  it('is what was opened again, and that once', () => {
    const { current, open } = following(
      ['Patient-open', patient({ id: 'p1' })],
      ['Patient-open', patient({ id: 'p2' })],
      ['Patient-open', patient({ id: 'p1', active: true })],
    );
    expect(current?.patient).toMatchObject({ id: 'p1', active: true });
    expect(open.map((one) => one.patient?.id)).toEqual(['p2', 'p1']);
  });

  it('is nothing after its close: what is still open does not come back by itself', () => {
    const { current, open } = following(
      ['Patient-open', patient({ id: 'p1' })],
      ['ImagingStudy-open', study('s1')],
      ['ImagingStudy-close', study('s1')],
    );
    expect(current).toBeNull();
    expect(open.map(({ type }) => type)).toEqual(['Patient']);
  });

  it.each<[string, string, ContextEntry[]]>([
    ['another of its type', 'Patient-close', patient({ id: 'p2' })],
    ['one of another type with its id', 'ImagingStudy-close', study('p1')],
    ['another by its identifier', 'Patient-close', patient(identifier('2'))],
    ['one with its identifier in another system', 'Patient-close', patient(identifier('1', 'urn:other'))],
  ])('stays when %s is closed', (_, name, context) => {
    const { current, open } = following(['Patient-open', patient({ id: 'p1', ...identifier('1') })], [name, context]);
    expect(current?.patient?.id).toBe('p1');
    expect(open).toHaveLength(1);
  });

  it.each<[string, object, object]>([
    ['its id', { id: 'p1' }, { id: 'p1', ...identifier('other') }],
    ['its identifier, where one has no id', { id: 'p1', ...identifier('1') }, identifier('1')],
    ['one of its identifiers', { identifier: [{ value: '0' }, { system: 'urn:mrn', value: '1' }] }, identifier('1')],
    ['an identifier that is no array', { identifier: { system: 'urn:mrn', value: '1' } }, identifier('1')],
  ])('is closed by %s', (_, opened, closed) => {
    expect(following(['Patient-open', patient(opened)], ['Patient-close', patient(closed)])).toMatchObject({
      current: null,
      open: [],
    });
  });

  it('is not closed by identifiers that say nothing', () => {
    for (const nothing of [[], {}, [null], [{}], [{ value: '' }], 'text', null]) {
      const { open } = following(
        ['Patient-open', patient({ identifier: nothing })],
        ['Patient-close', patient({ identifier: nothing })],
      );
      expect(open).toHaveLength(1);
    }
  });

  it('is closed by a close of the draft that does not say what, when it is of that type', () => {
    const opened: [string, ContextEntry[]][] = [
      ['Patient-open', patient({ id: 'p1' })],
      ['Patient-open', patient({ id: 'p2' })],
    ];
    expect(following(...opened, ['Patient-close', []]).open.map((one) => one.patient?.id)).toEqual(['p1']);
    expect(following(...opened, ['ImagingStudy-close', []])).toMatchObject({ current: { id: 'event-1' } });
    expect(following(...opened, ['Patient-close', []], ['Patient-close', []]).open).toHaveLength(1);
  });

  it('is nothing at home, and what was open still is', () => {
    const { current, open, store } = following(['Patient-open', patient({ id: 'p1' })], ['Home-open', []]);
    expect(current).toBeNull();
    expect(open).toHaveLength(1);
    expect(store.latest).toBe(Date.UTC(2024, 4, 1, 10, 1));
  });

  it('is of a type that the catalogue does not know, too', () => {
    const { current } = following(['medication-OPEN', [entry('medication', { resourceType: 'Medication', id: 'm1' })]]);
    expect(current?.type).toBe('Medication');
  });
});

describe('an open of what the current context told of', () => {
  afterEach(() => void vi.useRealTimers());

  const T0 = '2024-05-01T10:00:00.000Z';
  const LATER = '2024-05-01T10:05:00.000Z';
  it.each<[string, boolean, { id: string; timestamp: string }, number, boolean]>([
    ['at once by a hub that does so, with an id of its own, is', true, { id: 'e2', timestamp: T0 }, 40, true],
    ['at once by another hub, with an id of its own, is not', false, { id: 'e2', timestamp: T0 }, 40, false],
    ['later under the id and with the time of that one is', false, { id: 'e1', timestamp: T0 }, 5_000, true],
    ['later with an id of its own is not', true, { id: 'e2', timestamp: LATER }, 300_000, false],
    ['later by a publisher with one id for all events is not', false, { id: 'e1', timestamp: LATER }, 300_000, false],
  ])('%s derived', (_, derives, facts, laterMs, isDerived) => {
    vi.useFakeTimers({ now: Date.parse(T0) });
    const store = new ContextStore();
    const context = [...study('s1'), ...patient({ id: 'p1' })];
    store.apply(notify({ id: 'e1', name: 'ImagingStudy-open', context, timestamp: T0 }));
    vi.setSystemTime(Date.now() + laterMs);
    expect(store.isDerived(notify({ ...facts, context: patient({ id: 'p1' }) }), derives)).toBe(isDerived);
  });
});

it('is changed by opens, closes and Home-open, and by nothing else', () => {
  const verdict = (name: string) => changesContext(kindOf(name));
  expect(['Patient-open', 'Patient-close', 'medication-open', 'Home-open'].every(verdict)).toBe(true);
  expect(
    [
      'DiagnosticReport-update',
      'DiagnosticReport-select',
      'SyncError',
      'UserLogout',
      'heartbeat',
      'org.example.open',
      'home-close',
    ].some(verdict),
  ).toBe(false);
});

it('an event is stale when it is older than the newest that was followed, and only then', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 1 }), (minutes) => {
      const store = new ContextStore();
      let newest = -1;
      for (const minute of minutes) {
        const timestamp = new Date(Date.UTC(2024, 4, 1, 10, minute)).toISOString();
        const event = notify({ timestamp, name: minute % 2 ? 'Patient-open' : 'Home-open' });
        if (store.isStale(event) !== minute < newest) return false;
        if (store.isStale(event)) continue;
        store.apply(event);
        newest = minute;
      }
      return store.latest === Date.UTC(2024, 4, 1, 10, newest);
    }),
  );
});
