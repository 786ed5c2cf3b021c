import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Channel, Grant } from '../../src/channels/channel.ts';
import type { FhircastError } from '../../src/errors/errors.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { StateMachine } from '../../src/following/state.ts';
import type { ChannelType } from '../../src/hub/dialect.ts';
import { backoffOf } from '../../src/subscription/backoff.ts';
import type { LeaseLimits } from '../../src/subscription/lease-term.ts';
import { Subscription } from '../../src/subscription/subscription.ts';

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A subscription whose hub confirms at once, as it is told here. */
async function subscribed(type: ChannelType, limits: Partial<LeaseLimits>, grant: () => Grant) {
  const asked: number[] = [];
  const said: (number | undefined)[] = [];
  const failures: string[] = [];
  const begun = Date.now();
  const channel: Channel = {
    type,
    subscribe: async () => {
      asked.push((Date.now() - begun) / MINUTE);
      return grant();
    },
    ping: () => false,
    lost: () => {},
    unsubscribe: async () => {},
    close: () => {},
  };
  const machine = new StateMachine(() => {});
  const listeners = new Listeners(() => {});
  listeners.add('error', ({ code }: FhircastError) => failures.push(code), false);
  const subscription = new Subscription({
    spell: (name) => [name],
    machine,
    backoff: backoffOf(),
    lease: { asked: undefined, tokenSecondsLeft: () => undefined, ...limits },
    wanted: {
      names: ['Patient-open'],
      mayDropObjections: () => false,
      dropObjections: () => {},
      mayHaveObjections: () => {},
    },
    openChannel: () => channel,
    subscribed: ({ leaseSeconds }) => said.push(leaseSeconds),
    listeners,
  });
  await subscription.ready();
  return { subscription, machine, asked, said, failures };
}

const silent: Grant = { events: ['Patient-open'], leaseSeconds: undefined };

it.each<[string, Partial<LeaseLimits>, number]>([
  ['every half hour', {}, 30],
  ['as it was asked for', { asked: 600 }, 10],
  ['before the token ends', { tokenSecondsLeft: () => 1200 }, 20],
])('a webhook subscription whose lease nobody names is renewed %s', async (_, limits, minutes) => {
  const { subscription, machine, asked, said, failures } = await subscribed('webhook', limits, () => silent);
  for (let renewals = 1; renewals <= 3; renewals++) {
    const since = asked.at(-1) ?? 0;
    await vi.advanceTimersToNextTimerAsync();
    expect(asked).toHaveLength(renewals + 1);
    const waited = (asked.at(-1) ?? 0) - since;
    expect(waited).toBeGreaterThanOrEqual(minutes * 0.7);
    expect(waited).toBeLessThanOrEqual(minutes * 0.85);
  }
  // The app is told what the hub said, and that is nothing.
  expect(said).toEqual([undefined, undefined, undefined, undefined]);
  expect([machine.state, failures]).toEqual(['active', []]);
  await subscription.unsubscribe(new AbortController().signal);
  expect(vi.getTimerCount()).toBe(0);
});

it('goes on being renewed as the hub said once, when it does not say it again', async () => {
  const grants: Grant[] = [{ events: ['Patient-open'], leaseSeconds: 300 }];
  const { subscription, asked, said } = await subscribed('webhook', {}, () => grants.shift() ?? silent);
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect(asked.length).toBeGreaterThanOrEqual(2);
  expect(new Set(said)).toEqual(new Set([300]));
  await subscription.unsubscribe(new AbortController().signal);
});

it('a websocket shows by itself that it is there, and is not renewed without a lease', async () => {
  const { subscription, asked } = await subscribed('websocket', {}, () => silent);
  await vi.advanceTimersByTimeAsync(24 * 60 * MINUTE);
  expect(asked).toHaveLength(1);
  await subscription.unsubscribe(new AbortController().signal);
});
