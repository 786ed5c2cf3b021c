import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, backoffOf } from '../../../src/client/connection/backoff.ts';
import { Deliveries } from '../../../src/client/following/deliveries.ts';
import { notify, patientContext } from '../support.ts';

describe('deliveries', () => {
  it('are found by their id', () => {
    const deliveries = new Deliveries();
    expect(deliveries.find('event-1')).toBeUndefined();
    const delivery = deliveries.remember(notify());
    delivery.status = 409;
    expect(deliveries.find('event-1')).toBe(delivery);
    expect(deliveries.find('event-2')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor'])('may have the id %s', (id) => {
    const deliveries = new Deliveries();
    expect(deliveries.find(id)).toBeUndefined();
    expect(deliveries.find(deliveries.remember(notify({ id })) && id)).toBeDefined();
  });

  it('are remembered for 512 events at least, and not for ever', () => {
    const deliveries = new Deliveries();
    for (let i = 0; i < 5_000; i++) {
      deliveries.remember(notify({ id: `event-${i}` }));
      if (i >= 511 && i % 100 === 0) expect(deliveries.find(`event-${i - 511}`)).toBeDefined();
    }
    expect(deliveries.find('event-4999')).toBeDefined();
    expect(deliveries.find('event-0')).toBeUndefined();
    expect(deliveries.find('event-3000')).toBeUndefined();
  });

  describe('that are forgotten', () => {
    const stamp = (seconds: number) => new Date(Date.UTC(2024, 4, 1, 10) + seconds * 1000).toISOString();
    const make = (name: string, seconds: number) =>
      notify({ name, id: `${name}-${seconds}`, timestamp: stamp(seconds) });
    /** Deliveries of one kind, a second apart. */
    const forget = (name: string) => {
      const deliveries = new Deliveries();
      for (let i = 0; i < 1_024; i++) deliveries.remember(make(name, i));
      return deliveries;
    };

    it.each(['Patient-open', 'UserLogout'])('%s may be repeated by what is not newer, and by nothing else', (name) => {
      const deliveries = forget(name);
      // Half of them are remembered.
      expect(deliveries.find(`${name}-511`)).toBeUndefined();
      expect(deliveries.find(`${name}-512`)).toBeDefined();
      for (const seconds of [0, 300, 511]) expect(deliveries.mayBeForgotten(make(name, seconds))).toBe(true);
      for (const seconds of [511.001, 512, 2_000]) expect(deliveries.mayBeForgotten(make(name, seconds))).toBe(false);
      expect(deliveries.mayBeForgotten(notify({ name, timestamp: '' }))).toBe(false);
    });

    it.each([
      ['UserLogout', 'Patient-open'],
      ['Patient-open', 'UserLogout'],
      ['Patient-close', 'Patient-open'],
      ['Patient-close', 'Patient-close'],
    ])('%s say nothing of %s', (forgotten, name) => {
      expect(forget(forgotten).mayBeForgotten(make(name, 0))).toBe(false);
    });

    it('and without a time say nothing', () => {
      const deliveries = new Deliveries();
      for (let i = 0; i < 2_000; i++) deliveries.remember(notify({ id: `event-${i}`, timestamp: 'today' }));
      expect(deliveries.mayBeForgotten(make('Patient-open', 0))).toBe(false);
    });
  });

  describe('under another id', () => {
    const first = notify();
    it.each([
      ['the same event is one', notify({ id: 'event-2' }), true],
      ['also in another spelling', notify({ id: 'event-2', name: 'open-patient-chart' }), true],
      ['another time makes another', notify({ id: 'event-2', timestamp: '2024-05-01T10:00:01.000Z' }), false],
      ['another name makes another', notify({ id: 'event-2', name: 'Patient-close' }), false],
      ['another context makes another', notify({ id: 'event-2', context: patientContext('p2') }), false],
    ])('%s', (_, second, isTwin) => {
      const deliveries = new Deliveries();
      const delivery = deliveries.remember(first);
      expect(deliveries.findTwin(second)).toBe(isTwin ? delivery : undefined);
    });

    it('events without a time are never one', () => {
      const deliveries = new Deliveries();
      deliveries.remember(notify({ timestamp: '' }));
      expect(deliveries.findTwin(notify({ id: 'event-2', timestamp: '' }))).toBeUndefined();
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
