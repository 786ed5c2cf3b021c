import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallbackEndpoint, CallbackOwner, Denial, Verification } from '../../src/channels/callback.ts';
import { WebhookChannel } from '../../src/channels/webhook-channel.ts';
import { ChannelError, type FhircastError } from '../../src/errors/errors.ts';
import { HubApi } from '../../src/hub/api.ts';
import type { DialectName } from '../../src/index.ts';
import { chooserOf } from '../hub/support.ts';

const TOPIC = 'https://hub.example.org/session/7jaa86kg';
const CALLBACK = 'https://app.example.org/callback/1';
const NOTHING: Verification = { mode: undefined, topic: undefined, events: undefined, leaseSeconds: undefined };

const verification = (changes: Partial<Verification> = {}): Verification => ({
  ...NOTHING,
  mode: 'subscribe',
  topic: TOPIC,
  ...changes,
});

/** A webhook channel with a hub and a callback endpoint that do as told. */
function open(dialect: DialectName = 'draft', callback: Partial<Pick<CallbackEndpoint, 'open'>> = {}) {
  const life = new AbortController();
  const forms: URLSearchParams[] = [];
  const heard = {
    notifications: [] as string[],
    denials: [] as Denial[],
    rejected: [] as FhircastError[],
    warned: [] as FhircastError[],
  };
  const losses: FhircastError[] = [];
  const state = {
    owner: undefined as CallbackOwner | undefined,
    closed: 0,
    /** What the hub does with a request before it answers it. */
    onRequest: (_: URLSearchParams): void => {},
    status: 202,
    answer: (reply: (status: number) => void): void => reply(200),
  };
  const channel = new WebhookChannel({
    api: new HubApi({
      hubUrl: 'https://hub.example.org',
      topic: TOPIC,
      chooser: chooserOf(dialect),
      accessToken: () => undefined,
      record: () => {},
      timeoutMs: 60_000,
      fetch: async (_, init) => {
        const form = new URLSearchParams(String(init.body));
        forms.push(form);
        state.onRequest(form);
        return new Response('', { status: state.status });
      },
    }),
    record: () => {},
    confirmationTimeoutMs: 10_000,
    callback: {
      open: (owner) => {
        state.owner = owner;
        return { url: CALLBACK, secret: 'secret', close: () => void state.closed++ };
      },
      ...callback,
    },
    sink: {
      notification: (text, reply) => {
        heard.notifications.push(text);
        state.answer(reply);
      },
      alive: () => {},
      keepalive: () => {},
      warned: (warning) => heard.warned.push(warning),
      denied: (denial) => heard.denials.push(denial),
      granted: () => {},
      lost: (error) => losses.push(error),
      rejected: (error) => heard.rejected.push(error),
    },
  });
  const subscribe = () => channel.subscribe(['open-patient-chart'], life.signal);
  /** Subscribes at a hub that verifies inside the request. */
  const follow = async () => {
    state.onRequest = () => void state.owner?.verify(verification());
    await subscribe();
    state.onRequest = () => {};
  };
  /** Resolves when the hub has been asked, and what it said has been read. */
  const asked = () => vi.advanceTimersByTimeAsync(0);
  return { channel, life, forms, heard, losses, state, subscribe, follow, asked };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a verification', () => {
  it('after the answer confirms the subscription, with what it says', async () => {
    const { state, subscribe, asked, forms } = open();
    const subscribed = subscribe();
    await asked();
    expect(forms[0]?.get('hub.callback')).toBe(CALLBACK);
    expect(forms[0]?.get('hub.secret')).toBe('secret');
    expect(state.owner?.verify(verification({ events: ['open-patient-chart'], leaseSeconds: 60 }))).toBe(true);
    expect(await subscribed).toEqual({ events: ['open-patient-chart'], leaseSeconds: 60 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('while the request is answered confirms it too', async () => {
    const { follow, heard } = open();
    await follow();
    expect(heard).toMatchObject({ notifications: [], denials: [], rejected: [] });
  });

  it.each<[string, Partial<Verification>, DialectName, boolean]>([
    ['without a mode', { mode: undefined }, 'draft', true],
    ['without a topic', { topic: undefined }, 'draft', true],
    ['with nothing but its coming', NOTHING, 'draft', true],
    ['with the tail of the topic, in the draft', { topic: '7jaa86kg' }, 'draft', true],
    ['with the tail of the topic, in STU3', { topic: '7jaa86kg' }, 'stu3', false],
    ['with a part of the tail', { topic: 'jaa86kg' }, 'draft', false],
    ['with an empty topic', { topic: '' }, 'draft', false],
    ['with another topic', { topic: 'https://hub.example.org/session/other' }, 'draft', false],
    ['of another mode', { mode: 'unsubscribe' }, 'draft', false],
  ])('%s is judged', async (_, changes, dialect, isOurs) => {
    const { state, subscribe, asked, heard } = open(dialect);
    const subscribed = subscribe();
    await asked();
    expect(state.owner?.verify(verification(changes))).toBe(isOurs);
    const field = changes.mode === 'unsubscribe' ? 'hub.mode' : 'hub.topic';
    expect(heard.warned.map(({ code, message }) => `${code} ${message.includes(field)}`)).toEqual(
      isOurs ? [] : ['verification-refused true'],
    );
    if (!isOurs) expect(state.owner?.verify(verification())).toBe(true);
    await subscribed;
  });

  it('that does not come is an error, after the time', async () => {
    const { subscribe, state } = open();
    const subscribed = subscribe();
    const failed = expect(subscribed).rejects.toMatchObject({ code: 'confirmation-timeout', retryable: true });
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
    expect(state.owner?.verify(verification())).toBe(false);
    expect(state.owner?.notify('late')).toBe(404);
  });

  it('is not waited for any more when the app gives up', async () => {
    const { subscribe, asked, life } = open();
    const subscribed = subscribe();
    const failed = expect(subscribed).rejects.toMatchObject({ code: 'aborted' });
    await asked();
    life.abort();
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may come again while the subscription lasts, but not to end it', async () => {
    const { follow, state } = open();
    await follow();
    expect(state.owner?.verify(verification())).toBe(true);
    expect(state.owner?.verify(verification({ mode: 'unsubscribe' }))).toBe(false);
    expect(state.owner?.verify(verification({ mode: undefined }))).toBe(false);
    expect(state.owner?.notify('event')).toBe(200);
  });
});

describe('a refusal of the request', () => {
  it('is the hub’s error, and leaves no timer', async () => {
    const { subscribe, state } = open();
    state.status = 400;
    await expect(subscribe()).rejects.toMatchObject({ code: 'hub-refused', status: 400 });
    expect(vi.getTimerCount()).toBe(0);
    expect(state.owner?.notify('event')).toBe(404);
  });

  it('to renew leaves the subscription as it was', async () => {
    const { follow, subscribe, state } = open();
    await follow();
    state.status = 503;
    await expect(subscribe()).rejects.toMatchObject({ code: 'hub-failed' });
    expect(state.owner?.notify('event')).toBe(200);
  });
});

describe('a denial', () => {
  const denial: Denial = { topic: TOPIC, events: undefined, reason: 'not yours' };

  it('in place of the verification ends the attempt, with the reason', async () => {
    const { subscribe, asked, state, heard } = open();
    const subscribed = subscribe();
    const failed = expect(subscribed).rejects.toMatchObject({ code: 'subscription-denied', hubText: 'not yours' });
    await asked();
    expect(state.owner?.deny(denial)).toBe(true);
    await failed;
    expect(heard.denials).toEqual([]);
    expect(state.owner?.notify('event')).toBe(404);
  });

  it('later ends the subscription, once', async () => {
    const { follow, state, heard } = open();
    await follow();
    expect(state.owner?.deny({ ...denial, topic: 'another' })).toBe(false);
    expect(state.owner?.notify('event')).toBe(200);
    expect(state.owner?.deny(denial)).toBe(true);
    expect(state.owner?.deny(denial)).toBe(false);
    expect(heard.denials).toEqual([denial]);
    expect(state.owner?.notify('event')).toBe(404);
  });
});

describe('a notification', () => {
  it('is answered with what the app decides, at once or later', async () => {
    // The draft knows no 202.
    const { follow, state, heard } = open('stu3');
    await follow();
    state.answer = (reply) => reply(409);
    expect(state.owner?.notify('first')).toBe(409);
    let later = (_: number) => {};
    state.answer = (reply) => {
      later = reply;
    };
    const answer = state.owner?.notify('second');
    later(503);
    expect(await answer).toBe(503);
    expect(heard.notifications).toEqual(['first', 'second']);
  });

  it('before the verification is heard, and nothing is before the request', async () => {
    const { subscribe, asked, state, heard } = open();
    const subscribed = subscribe();
    await asked();
    expect(state.owner?.notify('early')).toBe(200);
    state.owner?.verify(verification());
    await subscribed;
    expect(heard.notifications).toEqual(['early']);
  });

  it('that was refused before it could be read is reported', async () => {
    const { follow, state, heard } = open();
    await follow();
    const error = { code: 'signature-mismatch' } as FhircastError;
    state.owner?.rejected(error);
    expect(heard.rejected).toEqual([error]);
  });
});

describe('the end', () => {
  it('is verified in the draft; afterwards nothing is ours', async () => {
    const { follow, channel, state, asked, forms, heard } = open();
    await follow();
    const left = channel.unsubscribe(new AbortController().signal);
    await asked();
    expect(forms[1]?.get('hub.mode')).toBe('unsubscribe');
    expect(state.owner?.notify('late')).toBe(404);
    expect(state.owner?.verify(verification())).toBe(false);
    expect(state.closed).toBe(0);
    expect(state.owner?.verify(verification({ mode: 'unsubscribe', topic: '7jaa86kg' }))).toBe(true);
    await left;
    expect(state.closed).toBe(1);
    expect(state.owner?.verify(verification({ mode: 'unsubscribe' }))).toBe(false);
    expect(state.owner?.notify('later')).toBe(404);
    expect(heard.notifications).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for a verification that never comes', async () => {
    const { follow, channel, state } = open();
    await follow();
    const left = channel.unsubscribe(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(3_000);
    await left;
    expect(state.closed).toBe(1);
  });

  it('is not verified in STU3', async () => {
    const { follow, channel, state } = open('stu3');
    await follow();
    await channel.unsubscribe(new AbortController().signal);
    expect(state.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets go of everything also when the hub cannot be told', async () => {
    const { follow, channel, state } = open();
    await follow();
    state.status = 500;
    await expect(channel.unsubscribe(new AbortController().signal)).rejects.toMatchObject({ code: 'hub-failed' });
    expect(state.closed).toBe(1);
    expect(state.owner?.notify('late')).toBe(404);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not told to a hub that would end everybody’s (the sandbox of 2018, which does not say what it verifies)', async () => {
    const { subscribe, asked, channel, state, forms } = open();
    const subscribed = subscribe();
    await asked();
    state.owner?.verify(verification({ mode: undefined }));
    await subscribed;
    await channel.unsubscribe(new AbortController().signal);
    expect(forms.map((form) => form.get('hub.mode'))).toEqual(['subscribe']);
    expect(state.closed).toBe(1);
  });

  it('is told where only later somebody verifies without a mode', async () => {
    const { follow, subscribe, asked, channel, state, forms } = open('stu3');
    await follow();
    const renewed = subscribe();
    await asked();
    state.owner?.verify(verification({ mode: undefined }));
    await renewed;
    await channel.unsubscribe(new AbortController().signal);
    expect(forms.map((form) => form.get('hub.mode'))).toEqual(['subscribe', 'subscribe', 'unsubscribe']);
  });

  it('without a subscription asks nothing of the hub', async () => {
    const { channel, forms } = open();
    await channel.unsubscribe(new AbortController().signal);
    channel.close();
    channel.close();
    expect(forms).toEqual([]);
  });

  it('while the callback URL is being reserved gives the URL back, and asks nothing of the hub', async () => {
    let reserved = () => {};
    let closed = 0;
    const registration = { url: CALLBACK, secret: 'secret', close: () => void closed++ };
    const { channel, subscribe, forms } = open('draft', {
      open: () =>
        new Promise((resolve) => {
          reserved = () => resolve(registration);
        }),
    });
    const failed = expect(subscribe()).rejects.toMatchObject({ code: 'aborted' });
    channel.close();
    reserved();
    await failed;
    expect(closed).toBe(1);
    expect(forms).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a callback that does not reach us for a while', () => {
  const error = new ChannelError('channel-lost', { retryable: true });

  it('is told of once, until the hub has confirmed anew; what comes meanwhile is ours', async () => {
    const { state, follow, losses, heard } = open();
    await follow();
    state.owner?.lost?.(error);
    state.owner?.lost?.(error);
    expect(losses).toEqual([error]);
    expect(state.owner?.notify('late')).toBe(200);
    expect(heard.notifications).toEqual(['late']);
    await follow();
    state.owner?.lost?.(error);
    expect(losses).toEqual([error, error]);
  });

  it('is not told of before there is a subscription', async () => {
    const { state, subscribe, losses, asked, channel } = open();
    const subscribed = subscribe().catch(() => {});
    await asked();
    state.owner?.lost?.(error);
    expect(losses).toEqual([]);
    channel.close();
    await subscribed;
  });

  it('may have another URL when it is back, by which the hub is asked anew', async () => {
    let url = CALLBACK;
    const registration = {
      get url() {
        return url;
      },
      secret: 'secret',
      close: () => {},
    };
    let owner: CallbackOwner | undefined;
    const sessions: unknown[] = [];
    const { state, subscribe, forms } = open('draft', {
      open: (given, session) => {
        owner = given;
        sessions.push(session);
        return registration;
      },
    });
    state.onRequest = () => void owner?.verify(verification());
    await subscribe();
    url = `${CALLBACK}2`;
    await subscribe();
    expect(forms.map((form) => form.get('hub.callback'))).toEqual([CALLBACK, `${CALLBACK}2`]);
    expect(sessions).toEqual([{ hubUrl: 'https://hub.example.org', topic: TOPIC }]);
  });
});
