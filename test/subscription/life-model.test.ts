import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Channel, Grant, Standing } from '../../src/channels/channel.ts';
import { ChannelError, FhircastError, HubError, SubscriptionDeniedError } from '../../src/errors/errors.ts';
import { type ClientState, StateMachine } from '../../src/following/state.ts';
import { backoffOf } from '../../src/subscription/backoff.ts';
import { Subscription } from '../../src/subscription/subscription.ts';

/** A channel whose hub is the test. */
class FakeChannel implements Channel {
  readonly type = 'websocket';
  readonly sink: Standing;
  pending: { resolve(grant: Grant): void; reject(error: FhircastError): void } | undefined;
  isClosed = false;

  constructor(sink: Standing) {
    this.sink = sink;
  }

  subscribe(_: readonly string[], signal: AbortSignal): Promise<Grant> {
    expect(this.isClosed).toBe(false);
    expect(this.pending).toBeUndefined();
    return new Promise<Grant>((resolve, reject) => {
      this.pending = { resolve, reject };
      signal.addEventListener('abort', () => reject(new FhircastError('aborted')));
    }).finally(() => {
      this.pending = undefined;
    });
  }

  ping(): boolean {
    return false;
  }

  lost(): void {}

  async unsubscribe(): Promise<void> {
    this.close();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** A subscription, and the levers by which the world acts on it. */
class Real {
  readonly channels: FakeChannel[] = [];
  readonly unhandled: unknown[] = [];
  wanted: readonly string[] = [];
  readonly machine = new StateMachine(() => {});
  readonly subscription = new Subscription({
    spell: (name) => [name],
    machine: this.machine,
    backoff: backoffOf(),
    lease: { asked: undefined, tokenSecondsLeft: () => undefined },
    wanted: this,
    listeners: { emit: () => {} },
    openChannel: (sink) => {
      const channel = new FakeChannel(sink);
      this.channels.push(channel);
      return channel;
    },
    subscribed: () => {},
  });

  get names(): readonly string[] {
    return this.wanted;
  }

  mayDropObjections(): boolean {
    return false;
  }

  dropObjections(): void {}

  mayHaveObjections(): void {}

  get open(): FakeChannel[] {
    return this.channels.filter(({ isClosed }) => !isClosed);
  }

  get pending() {
    return this.open.map(({ pending }) => pending).find((pending) => pending !== undefined);
  }
}

/** What a reader of the documentation would expect, without a word of how it is done. */
interface Model {
  state: ClientState;
  wanted: string;
  confirmed: string;
  /** What the hub is being asked for. */
  asked: string | undefined;
  refused: string | undefined;
  /** The client waits before the next attempt. */
  waits: boolean;
  /** How often in a row the hub denied what it had accepted. */
  denials: number;
}

/** The client looks at what is wanted, when nothing is under way. */
function look(model: Model): void {
  if (model.asked !== undefined || model.state === 'closed') return;
  if (model.wanted === '') {
    if (model.state !== 'denied') {
      model.state = 'idle';
      model.confirmed = '';
      model.waits = false;
    }
    return;
  }
  if (model.waits || model.state === 'reconnecting' || model.confirmed === model.wanted) return;
  if (model.refused !== undefined && (model.state === 'denied' || model.refused === model.wanted)) return;
  if (model.state === 'idle' || model.state === 'denied') model.state = 'subscribing';
  model.asked = model.wanted;
}

/** The subscription is over, or its connection is. */
function drop(model: Model, state: ClientState): void {
  Object.assign(model, { state, confirmed: '', asked: undefined, waits: false });
  if (state === 'reconnecting') model.refused = undefined;
}

type Command = fc.AsyncCommand<Model, Real>;

const command = (
  name: string,
  check: (model: Model) => boolean,
  change: (model: Model) => void,
  act: (real: Real) => void | Promise<void>,
): Command => ({
  check,
  toString: () => name,
  async run(model, real) {
    change(model);
    await act(real);
    await settle();
    // Whatever was wanted meanwhile.
    look(model);
    expect(real.machine.state).toBe(model.state);
    expect(real.pending !== undefined).toBe(model.asked !== undefined);
    expect(real.open.length).toBeLessThanOrEqual(1);
    // Nobody is left to wait for what is never asked.
    if (model.state === 'subscribing') expect(model.asked).toBeDefined();
    if (model.state === 'active' || model.asked !== undefined) expect(real.open).toHaveLength(1);
    if (['idle', 'denied', 'closed'].includes(model.state)) expect(real.open).toEqual([]);
    if (model.state === 'closed') expect(vi.getTimerCount()).toBe(0);
  },
});

const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

const isAlive = ({ state }: Model) => state !== 'closed';
const isAsking = ({ asked }: Model) => asked !== undefined;
const isActive = ({ state }: Model) => state === 'active';

const listen = (names: readonly string[]) =>
  command(
    `listen to ${names.join(' and ') || 'nothing'}`,
    isAlive,
    (model) => {
      model.wanted = names.join();
      look(model);
    },
    (real) => {
      real.wanted = names;
      real.subscription.schedule();
    },
  );

const confirm = command(
  'the hub confirms',
  isAsking,
  (model) => {
    model.confirmed = model.asked ?? '';
    model.refused = model.asked = undefined;
    model.denials = 0;
    model.state = 'active';
  },
  (real) => real.pending?.resolve({ events: undefined, leaseSeconds: undefined }),
);

const failForNow = command(
  'the hub fails',
  isAsking,
  (model) => {
    model.asked = undefined;
    model.waits = true;
    if (model.state === 'subscribing') model.state = 'reconnecting';
  },
  (real) => real.pending?.reject(new HubError('hub-failed', { status: 503, retryable: true })),
);

const refuse = command(
  'the hub refuses',
  isAsking,
  (model) => {
    model.refused = model.asked;
    model.asked = undefined;
    if (model.state === 'subscribing') drop(model, 'denied');
  },
  (real) => real.pending?.reject(new HubError('hub-unauthorized', { status: 401 })),
);

const deny = command(
  'the hub denies',
  isAsking,
  (model) => {
    const { asked } = model;
    model.denials++;
    const isMeant = model.denials >= 2;
    drop(model, isMeant ? 'denied' : 'reconnecting');
    // Only then is it told of; before, it is asked again whatever it refused.
    if (isMeant) model.refused = asked;
    else model.waits = true;
  },
  (real) => real.pending?.reject(new SubscriptionDeniedError('subscription-denied')),
);

const lose = command(
  'the connection is lost',
  isActive,
  (model) => {
    drop(model, 'reconnecting');
    model.waits = true;
  },
  (real) => real.open[0]?.sink.lost(new ChannelError('channel-lost', { retryable: true })),
);

const fallDeaf = command(
  'the connection has died',
  isActive,
  (model) => {
    drop(model, 'reconnecting');
    model.waits = true;
  },
  (real) => real.subscription.lost(new ChannelError('channel-silent', { retryable: true })),
);

const end = command(
  'the hub ends the subscription',
  isActive,
  (model) => {
    drop(model, 'reconnecting');
    model.waits = true;
  },
  (real) => real.open[0]?.sink.denied({ topic: undefined, events: undefined, reason: 'over' }),
);

const wait = command(
  'half a minute passes',
  isAlive,
  (model) => {
    if (!model.waits) return;
    model.waits = false;
    if (model.state === 'reconnecting') model.state = 'subscribing';
    look(model);
  },
  async () => void (await vi.advanceTimersByTimeAsync(30_000)),
);

const hide = command(
  'the page is kept',
  ({ state }) => ['active', 'subscribing'].includes(state),
  (model) => drop(model, 'reconnecting'),
  (real) => real.subscription.pause(),
);

const wake = command(
  'the page is back',
  isAlive,
  (model) => {
    if (model.state !== 'reconnecting') return;
    model.waits = false;
    model.state = 'subscribing';
    look(model);
  },
  (real) => real.subscription.wake(),
);

const ask = command(
  'the app asks again',
  isAlive,
  (model) => {
    model.refused = undefined;
    look(model);
  },
  (real) => void real.subscription.ready().catch(() => {}),
);

const leave = command(
  'the app leaves',
  isAlive,
  (model) => drop(model, 'closed'),
  (real) => real.subscription.unsubscribe(new AbortController().signal),
);

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 4, 1) }));
afterEach(() => void vi.useRealTimers());

it('is the life that the documentation tells of, whatever happens in whatever order', async () => {
  // What keeps a client going comes more often than what ends it.
  const often = [listen(['Patient-open']), confirm, end, wait, wake, lose];
  const commands = [
    ...[often, often, often].flat(),
    ...[listen([]), listen(['Patient-close', 'Patient-open'])],
    ...[failForNow, refuse, deny, fallDeaf, hide, ask, leave],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.commands(
        commands.map((one) => fc.constant(one)),
        { size: 'large', maxCommands: 80 },
      ),
      async (run) => {
        vi.clearAllTimers();
        const model: Model = {
          state: 'idle',
          wanted: '',
          confirmed: '',
          asked: undefined,
          refused: undefined,
          waits: false,
          denials: 0,
        };
        await fc.asyncModelRun(() => ({ model, real: new Real() }), run);
      },
    ),
    { numRuns: 500 },
  );
  // The runs are many, and the machine may be busy.
}, 30_000);
