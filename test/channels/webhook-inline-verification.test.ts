import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallbackOwner, Denial } from '../../src/channels/callback.ts';
import { WebhookChannel } from '../../src/channels/webhook-channel.ts';
import { HubError } from '../../src/errors/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import { chooserOf } from '../hub/support.ts';

const TOPIC = 'https://hub.example.org/session';
const VERIFICATION = { mode: undefined, topic: TOPIC, events: undefined, leaseSeconds: undefined };

// The sandbox hubs verify inside the subscription request, and deliver from then on: also before they have answered it.
describe('a hub that verifies inside the subscription request', () => {
  const life = new AbortController();
  let owner: CallbackOwner | undefined;
  let received: string[] = [];
  let denied: Denial[] = [];
  let answer: (status: number) => void = () => {};
  let asked: Promise<void>;
  let channel: WebhookChannel;

  beforeEach(() => {
    owner = undefined;
    received = [];
    denied = [];
    let ask = () => {};
    asked = new Promise((resolve) => {
      ask = resolve;
    });
    const api = new HubApi({
      hubUrl: 'https://hub.example.org',
      topic: TOPIC,
      chooser: chooserOf('draft'),
      accessToken: () => undefined,
      record: () => {},
      timeoutMs: 5_000,
      fetch: () =>
        new Promise((resolve) => {
          answer = (status) => resolve(new Response('', { status }));
          ask();
        }),
    });
    channel = new WebhookChannel({
      api,
      record: () => {},
      confirmationTimeoutMs: 5_000,
      callback: {
        open: (opened) => {
          owner = opened;
          return { url: 'https://app.example.org/callback', secret: 'secret', close: () => {} };
        },
      },
      sink: {
        notification: (text, reply) => {
          received.push(text);
          reply(200);
        },
        alive: () => {},
        keepalive: () => {},
        warned: () => {},
        denied: (denial) => denied.push(denial),
        granted: () => {},
        lost: () => {},
        rejected: () => {},
      },
    });
  });
  afterEach(() => channel.close());

  it('is heard from the verification on', async () => {
    const subscribed = channel.subscribe(['open-patient-chart'], life.signal);
    await asked;
    expect(owner?.verify(VERIFICATION)).toBe(true);
    expect(owner?.notify('an event')).toBe(200);
    expect(received).toEqual(['an event']);
    answer(202);
    await subscribed;
  });

  it('can deny from the verification on', async () => {
    const subscribed = channel.subscribe(['open-patient-chart'], life.signal);
    await asked;
    owner?.verify(VERIFICATION);
    expect(owner?.deny({ topic: TOPIC, events: undefined, reason: 'over' })).toBe(true);
    expect(denied).toEqual([{ topic: TOPIC, events: undefined, reason: 'over' }]);
    answer(202);
    await subscribed;
  });

  it('is not heard any more when it refuses the request after all', async () => {
    const subscribed = channel.subscribe(['open-patient-chart'], life.signal);
    await asked;
    owner?.verify(VERIFICATION);
    answer(400);
    await expect(subscribed).rejects.toBeInstanceOf(HubError);
    expect(owner?.notify('an event')).toBe(404);
    expect(received).toEqual([]);
  });
});
