import { randomUUID } from 'node:crypto';
import type { HubEvent } from '../ground/hub-event.ts';
import { KEEPALIVES, keepaliveFrame } from '../ground/keepalive.ts';
import type { Recorder } from '../ground/log.ts';
import { unguessable } from '../ground/unguessable.ts';
import type { Subscription } from './hub-subscription.ts';

/**
 * What happens to a notification on its way:
 * - `drop`: it is lost; the hub waits for an answer that cannot come
 * - `duplicate`: it is sent twice
 * - `reorder`: it is held back until the one after it has been sent, or for 200 ms when there is none
 * - `garbage`: rubbish is sent first
 * - `truncate`: its first half is sent first, as a message of its own
 * - `wrong-topic`: the same event of another topic is sent first, with another id
 * - `keepalive`: `ping`, `{"type": "ping"}` and an empty frame are sent first; a callback gets none
 * - `binary`: it is sent in a binary frame
 */
export type Disturbance =
  | 'drop'
  | 'duplicate'
  | 'reorder'
  | 'garbage'
  | 'truncate'
  | 'wrong-topic'
  | 'keepalive'
  | 'binary';

/** How long a notification is held back when there is none after it, in milliseconds. */
const HOLD_MS = 200;

const RUBBISH = '{"id":"\u0000\ufffd},]<rubbish';

/** The disturbances of a session that are still to come, and the delivery of notifications with and without them. */
export class Disturbances {
  readonly #record: Recorder;
  /** By the subscriber's name. */
  readonly #coming = new Map<string, Disturbance[]>();
  /** Lets go of the notification that is held back. */
  readonly #held = new Map<Subscription, () => void>();

  constructor(record: Recorder) {
    this.#record = record;
  }

  /** Disturbs the next notification to a subscriber that is not to be disturbed yet. */
  add(subscriber: string, disturbance: Disturbance): void {
    this.#coming.set(subscriber, [...(this.#coming.get(subscriber) ?? []), disturbance]);
  }

  /**
   * Delivers an event.
   *
   * @param spelling the subscriber's own of the event's name
   * @returns the status of the answer, or `undefined` when none came
   */
  deliver(subscription: Subscription, event: HubEvent, spelling: string): Promise<number | undefined> {
    const disturbance = this.#take(subscription.name);
    const label = subscription.label({ id: event.id, name: spelling });
    if (disturbance !== undefined) {
      const { channel } = subscription.delivery;
      this.#record({ direction: 'out', kind: 'disturb', channel, fields: { disturbance }, ...label });
    }
    if (disturbance === 'reorder') return this.#holdBack(subscription, event, spelling);
    const release = this.#held.get(subscription);
    const answer = send(subscription, event, spelling, disturbance);
    return follow(subscription, answer, release);
  }

  /** Lets go of everything that is held back. */
  release(): void {
    for (const release of this.#held.values()) release();
  }

  #take(subscriber: string): Disturbance | undefined {
    const [next, ...rest] = this.#coming.get(subscriber) ?? [];
    if (rest.length > 0) this.#coming.set(subscriber, rest);
    else this.#coming.delete(subscriber);
    return next;
  }

  async #holdBack(subscription: Subscription, event: HubEvent, spelling: string): Promise<number | undefined> {
    // One that is held already goes after this one, so that several are sent in reverse.
    const earlier = this.#held.get(subscription);
    await new Promise<void>((resolve) => {
      const release = (): void => {
        clearTimeout(timer);
        if (this.#held.get(subscription) === release) this.#held.delete(subscription);
        resolve();
      };
      const timer = setTimeout(release, HOLD_MS);
      timer.unref?.();
      this.#held.set(subscription, release);
    });
    return follow(subscription, send(subscription, event, spelling), earlier);
  }
}

/** Lets go of what was held back, once a notification after it is out: a callback has it when it has answered. */
function follow(
  { delivery }: Subscription,
  answer: Promise<number | undefined>,
  release: (() => void) | undefined,
): Promise<number | undefined> {
  if (release !== undefined) {
    if (delivery.channel === 'websocket') release();
    else void answer.then(release);
  }
  return answer;
}

/** Sends a notification: on a websocket at once, so that nothing else can come between. */
async function send(
  subscription: Subscription,
  event: HubEvent,
  spelling: string,
  disturbance?: Disturbance,
): Promise<number | undefined> {
  const { delivery } = subscription;
  const label = subscription.label({ id: event.id, name: spelling });
  const message = subscription.render(event, spelling);
  if (disturbance === 'drop') return delivery.waitInVain(label);
  if (disturbance === 'duplicate') {
    const [first] = await Promise.all([delivery.notify(message, label), delivery.notify(message, label)]);
    return first;
  }
  if (disturbance === 'keepalive' && delivery.channel === 'websocket') {
    for (const form of KEEPALIVES) delivery.send('keepalive', keepaliveFrame(form), subscription.label());
  }
  const stray = strayMessage(subscription, event, spelling, disturbance);
  if (stray !== undefined) {
    const strayLabel = subscription.label({ name: spelling, ...(stray.id === undefined ? {} : { id: stray.id }) });
    if (delivery.channel === 'websocket') delivery.send('notify', stray.body, strayLabel);
    else await delivery.notify(stray.body, strayLabel);
  }
  // Whoever left meanwhile gets nothing more.
  if (!subscription.active) return undefined;
  return delivery.notify(disturbance === 'binary' ? Buffer.from(message) : message, label);
}

/** What is sent before a notification. */
function strayMessage(
  subscription: Subscription,
  event: HubEvent,
  spelling: string,
  disturbance: Disturbance | undefined,
): { body: string; id?: string } | undefined {
  switch (disturbance) {
    case 'garbage':
      return { body: RUBBISH };
    case 'truncate': {
      const message = subscription.render(event, spelling);
      return { body: message.slice(0, message.length / 2) };
    }
    case 'wrong-topic': {
      const id = randomUUID();
      const topic = subscription.topic.replace(/[^/]*$/, unguessable());
      return { id, body: subscription.render({ ...event, id }, spelling, topic) };
    }
    default:
      return undefined;
  }
}
