import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { believedLease } from '../../src/subscription/lease-term.ts';

const believed = (granted: number, { asked, left }: { asked?: number; left?: number } = {}) =>
  believedLease(granted, { asked, tokenSecondsLeft: () => left });

const DAY = 24 * 60 * 60;

describe('a lease', () => {
  it.each<[number, number, { asked?: number; left?: number }]>([
    [7200, 7200, {}],
    [0.2, 0.2, {}],
    [DAY, DAY, {}],
    // Milliseconds.
    [3_600_000, 3600, {}],
    [7_200_000, 7200, { asked: 7200 }],
    [1e15, DAY, {}],
    // As it was asked for.
    [30 * DAY, 30 * DAY, { asked: 30 * DAY }],
    // Never beyond the token.
    [7200, 3600, { left: 3600 }],
    [3_600_000, 1800, { left: 1800 }],
    [1800, 1800, { left: 3600 }],
    // Near its end, and where the hub does not mind that it has ended.
    [7200, 60, { left: 3 }],
    [7200, 7200, { left: 0 }],
    [7200, 7200, { left: -10 }],
    [7200, 7200, { left: Number.NaN }],
  ])('of %d seconds is believed to last %d (%j)', (granted, seconds, more) => {
    expect(believed(granted, more)).toBe(seconds);
  });

  it('is never believed to last longer than was said, or than is plausible', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e300, noNaN: true }),
        fc.option(fc.double({ min: 60, max: 1e6, noNaN: true }), { nil: undefined }),
        (granted, left) => {
          const seconds = believed(granted, left === undefined ? {} : { left });
          return seconds > 0 && seconds <= Math.min(granted, DAY, left ?? DAY);
        },
      ),
    );
  });
});

describe('the option leaseSeconds', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3600' as unknown as number])(
    '%s is refused',
    (leaseSeconds) => {
      const make = () => new FhircastClient({ hubUrl: 'https://hub.example.org', topic: 't', leaseSeconds });
      expect(make).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    },
  );

  it('may be any positive number of seconds', () => {
    const fetch = vi.fn();
    const client = new FhircastClient({ hubUrl: 'https://hub.example.org', topic: 't', leaseSeconds: 1, fetch });
    expect(client.state).toBe('idle');
  });
});
