import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Duplicates } from '../../src/following/duplicates.ts';
import { backoffMs, backoffOf } from '../../src/subscription/backoff.ts';
import { type Facts, notify, patientContext } from '../client/support.ts';
import { growth, LIMIT } from '../growth.ts';

describe('ten times as much costs no more than a few times as much again, in', () => {
  it.each<[string, (i: number) => Facts]>([
    ['one event under many ids', (i) => ({ id: `event-${i}`, timestamp: '2024-05-01T10:00:00.001Z' })],
    ['many events under one id', (i) => ({ context: patientContext(`p${i}`) })],
  ])('%s', async (_, facts) => {
    const remember = (count: number) => {
      const duplicates = new Duplicates();
      for (let i = 0; i < count; i++) {
        const event = notify(facts(i));
        const { delivery } = duplicates.find(event, i);
        if (delivery) duplicates.alias(event, delivery);
        else duplicates.remember(event, i);
      }
    };
    expect(await growth((count) => count, remember)).toBeLessThan(LIMIT);
  });
});

describe('an event that was delivered', () => {
  it('is found by its id, its name and its content', () => {
    const duplicates = new Duplicates();
    expect(duplicates.find(notify(), 1).delivery).toBeUndefined();
    const delivery = duplicates.remember(notify(), 1);
    expect(duplicates.find(notify(), 1)).toMatchObject({ delivery, isTwin: false, isIdReused: false });
  });

  it.each<[string, Facts, boolean]>([
    ['another patient', { context: patientContext('p2') }, true],
    ['another name', { name: 'Patient-close' }, false],
    ['a SyncError about it', { name: 'SyncError', context: [] }, false],
    ['an event that the hub derived', { name: 'ImagingStudy-open', context: [] }, false],
  ])('is another one than %s under its id', (_, facts, isIdReused) => {
    const duplicates = new Duplicates();
    duplicates.remember(notify(), 1);
    expect(duplicates.find(notify(facts), 1)).toMatchObject({ delivery: undefined, isTwin: false, isIdReused });
    duplicates.remember(notify(facts), 2);
    expect(duplicates.hasReusedIds).toBe(isIdReused);
  });

  it('is another one than one whose id is written as its id and its identifiers are', () => {
    const duplicates = new Duplicates();
    const patient = (id: string, identifier: readonly object[] = []) =>
      notify({ context: [{ key: 'patient', resource: { resourceType: 'Patient', id, identifier } as never }] });
    for (const id of ['p1,mrn|1', 'p1","mrn|1', 'p1\nmrn|1']) duplicates.remember(patient(id), 1);
    expect(duplicates.find(patient('p1', [{ system: 'mrn', value: '1' }]), 1).delivery).toBeUndefined();
  });

  it('is another one when it happened at another time and something came between', () => {
    const duplicates = new Duplicates();
    const delivery = duplicates.remember(notify(), 1);
    const again = notify({ timestamp: '2024-05-01T10:05:00.000Z' });
    expect(duplicates.find(again, 1).delivery).toBe(delivery);
    expect(duplicates.find(again, 2)).toMatchObject({ delivery: undefined, isIdReused: true });
  });

  it.each<[string, Facts]>([
    ['another spelling', { name: 'open-patient-chart' }],
    ['another form of its time', { timestamp: '2024-05-01T12:00:00+02:00' }],
    [
      'another case of its key',
      { context: [{ key: 'Patient', resource: { resourceType: 'Patient', id: 'p1' } as never }] },
    ],
  ])('is found in %s', (_, facts) => {
    const duplicates = new Duplicates();
    const delivery = duplicates.remember(notify(), 1);
    expect(duplicates.find(notify(facts), 1).delivery).toBe(delivery);
  });

  it.each([
    ['again', {}],
    ['under another id', { id: 'e2' }],
  ])('and was found by asking first is found when its own message comes %s, whatever came between', (_, facts) => {
    const duplicates = new Duplicates();
    const found = duplicates.remember(notify({ id: 'resync', timestamp: '' }), 1, true);
    duplicates.alias(notify({ timestamp: '2024-05-01T10:00:00.123Z' }), found);
    duplicates.remember(notify({ id: 'e3', context: patientContext('p2'), timestamp: '2024-05-01T10:00:01.123Z' }), 2);
    expect(duplicates.find(notify({ timestamp: '2024-05-01T10:00:00.123Z', ...facts }), 2).delivery).toBe(found);
  });

  it.each(['__proto__', 'constructor'])('may have the id %s', (id) => {
    const duplicates = new Duplicates();
    expect(duplicates.find(notify({ id }), 1).delivery).toBeUndefined();
    const delivery = duplicates.remember(notify({ id }), 1);
    expect(duplicates.find(notify({ id }), 1).delivery).toBe(delivery);
  });

  it('is remembered for 512 events at least, and not for ever', () => {
    const duplicates = new Duplicates();
    // Of a kind that has no twins.
    const one = (i: number) => notify({ id: `event-${i}`, name: 'UserLogout', context: [] });
    for (let i = 0; i < 5_000; i++) {
      duplicates.remember(one(i), 1);
      if (i >= 511 && i % 100 === 0) expect(duplicates.find(one(i - 511), 1).delivery).toBeDefined();
    }
    expect(duplicates.find(one(4_999), 1).delivery).toBeDefined();
    expect(duplicates.find(one(0), 1).delivery).toBeUndefined();
    expect(duplicates.find(one(3_000), 1).delivery).toBeUndefined();
  });

  describe('and is forgotten', () => {
    const stamp = (seconds: number) => new Date(Date.UTC(2024, 4, 1, 10) + seconds * 1000).toISOString();
    const make = (name: string, seconds: number) =>
      notify({ name, id: `${name}-${seconds}`, timestamp: stamp(seconds) });
    /** Deliveries of one kind, a second apart. */
    const forget = (name: string) => {
      const duplicates = new Duplicates();
      for (let i = 0; i < 1_024; i++) duplicates.remember(make(name, i), i);
      return duplicates;
    };

    it.each(['Patient-open', 'UserLogout'])(
      'may be repeated by what is not newer, and by nothing else (%s)',
      (name) => {
        const duplicates = forget(name);
        // Half of them are remembered.
        expect(duplicates.find(make(name, 511), 1).delivery).toBeUndefined();
        expect(duplicates.find(make(name, 512), 1).delivery).toBeDefined();
        for (const seconds of [0, 300, 511]) expect(duplicates.mayBeForgotten(make(name, seconds))).toBe(true);
        for (const seconds of [511.001, 512, 2_000]) expect(duplicates.mayBeForgotten(make(name, seconds))).toBe(false);
        expect(duplicates.mayBeForgotten(notify({ name, timestamp: '' }))).toBe(false);
      },
    );

    it.each([
      ['UserLogout', 'Patient-open'],
      ['Patient-open', 'UserLogout'],
      ['Patient-close', 'Patient-open'],
      ['Patient-close', 'Patient-close'],
    ])('says nothing of another kind (%s of %s)', (forgotten, name) => {
      expect(forget(forgotten).mayBeForgotten(make(name, 0))).toBe(false);
    });

    it('says nothing without a time', () => {
      const duplicates = new Duplicates();
      for (let i = 0; i < 2_000; i++) duplicates.remember(notify({ id: `event-${i}`, timestamp: 'today' }), i);
      expect(duplicates.mayBeForgotten(make('Patient-open', 0))).toBe(false);
    });

    it('was delivered to whoever was there before', () => {
      const duplicates = new Duplicates();
      duplicates.forgetUntil(Date.parse(stamp(5)));
      expect([5, 6].map((seconds) => duplicates.mayBeForgotten(make('Patient-open', seconds)))).toEqual([true, false]);
    });
  });

  describe('under another id', () => {
    const second = (facts: Facts = {}) => notify({ id: 'event-2', ...facts });
    it.each<[string, Facts, boolean]>([
      ['is the same event', {}, true],
      ['is the same in another spelling', { name: 'open-patient-chart' }, true],
      ['is another one at another time', { timestamp: '2024-05-01T10:00:01.000Z' }, false],
      ['is another one of another name', { name: 'Patient-close' }, false],
      ['is another one of another patient', { context: patientContext('p2') }, false],
    ])('%s', (_, facts, isTwin) => {
      const duplicates = new Duplicates();
      const delivery = duplicates.remember(notify(), 1);
      expect(duplicates.find(second(facts), 1)).toMatchObject({ delivery: isTwin ? delivery : undefined, isTwin });
    });

    it.each([
      ['in the same second', '2024-05-01T10:00:00.000Z', false],
      ['in the same millisecond', '2024-05-01T10:00:00.123Z', true],
    ])('is another one when something came between, %s', (_, timestamp, isTwin) => {
      const duplicates = new Duplicates();
      duplicates.remember(notify({ timestamp }), 1);
      duplicates.remember(notify({ id: 'between', context: patientContext('p2'), timestamp }), 2);
      expect(duplicates.find(second({ timestamp }), 2).isTwin).toBe(isTwin);
    });

    it.each([
      [false, undefined],
      [true, 'twin'],
    ])(
      'is another one when it changes no context, but where the hub sends everything twice (%s)',
      (sendsTwice, found) => {
        const duplicates = new Duplicates();
        duplicates.remember(notify({ name: 'UserLogout', context: [] }), 1);
        const { delivery } = duplicates.find(second({ name: 'UserLogout', context: [] }), 1, { sendsTwice });
        expect(delivery && 'twin').toBe(found);
      },
    );

    it('is another one where nobody says when it happened', () => {
      const duplicates = new Duplicates();
      duplicates.remember(notify({ timestamp: '' }), 1);
      expect(duplicates.find(second({ timestamp: '' }), 1).delivery).toBeUndefined();
    });
  });
});

describe('the wait before the next attempt', () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });

  it('is at most half a second at first, doubles, and ends at half a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 1e6].map((attempt) => backoffMs(backoffOf(), attempt, 0, 1))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('is random, between nothing and that, and never less than what the hub asks for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(), random, (attempt, asked, chance) => {
        const wait = backoffMs(backoffOf(), attempt, asked, chance);
        return wait >= asked && wait <= Math.max(asked, 30_000);
      }),
    );
    expect(backoffMs(backoffOf(), 3, 0, 0)).toBe(0);
    expect(backoffMs(backoffOf(), 3, 0, 0.5)).toBe(1000);
  });
});
