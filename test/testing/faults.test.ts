import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Disturbance, TestHub, TestSession } from '../../src/testing/index.ts';
import {
  draftFields,
  openCallback,
  openHub,
  openSocket,
  patientContext,
  postForm,
  stuFields,
  subscribeSocket,
} from './support.ts';

/** A subscriber that keeps every notification as it came, and answers those that it can read. */
interface Subscriber {
  readonly name: string;
  next(): Promise<string>;
  readonly all: string[];
  /** Answers nothing from now on. */
  mute(): void;
  /** Loses its connection. */
  gone(): void;
}

/** Subscribes to Patient-open and SyncError on a websocket. */
async function onWebSocket(hub: TestHub, session: TestSession): Promise<Subscriber> {
  const fields = stuFields(session, 'Patient-open,SyncError', 'App');
  const response = await postForm(hub.url, session.accessToken, fields);
  const { 'hub.channel.endpoint': endpoint } = (await response.json()) as { 'hub.channel.endpoint': string };
  const { socket, inbox, texts, settings } = openSocket(endpoint);
  await inbox.next();
  return {
    name: 'App',
    next: async () => JSON.stringify(await inbox.next()),
    get all() {
      return texts.slice(1);
    },
    mute: () => {
      settings.status = 'silent';
    },
    gone: () => socket.terminate(),
  };
}

/** Subscribes to the same by webhook. */
async function onWebhook(hub: TestHub, session: TestSession): Promise<Subscriber> {
  const callback = await openCallback();
  await postForm(hub.draftUrl, session.accessToken, draftFields(session, callback.url, 'Patient-open,SyncError'));
  await hub.waitFor(({ kind }) => kind === 'active');
  await callback.inbox.next();
  const read = ({ body, headers }: { body: Buffer; headers: Record<string, unknown> }): string => {
    const signature = createHmac('sha256', 'a shared secret').update(body).digest('hex');
    expect(headers['x-hub-signature']).toBe(`sha256=${signature}`);
    return body.toString();
  };
  return {
    name: 'webhook-1',
    next: async () => read(await callback.inbox.next()),
    get all() {
      return callback.inbox.all.slice(1).map(read);
    },
    mute: () => {
      callback.settings.silent = true;
    },
    gone: () => undefined,
  };
}

/** The id of a message, or that it is none. */
function idOf(message: string): string {
  try {
    return (JSON.parse(message) as { id: string }).id;
  } catch {
    return 'unreadable';
  }
}

describe.each([
  ['websocket', onWebSocket],
  ['webhook', onWebhook],
])('a disturbance on a %s', (channel, subscribe) => {
  const open = async (options = {}) => {
    const hub = await openHub(options);
    const session = hub.openSession();
    const subscriber = await subscribe(hub, session);
    const publish = (id: string) => session.publish('Patient-open', patientContext(), { id });
    return { hub, session, subscriber, publish };
  };
  const followed = (name: string) => [{ subscriber: name, status: 200 }];

  it('drop: is not sent, and told as not answered', async () => {
    const { session, subscriber, publish } = await open({ answerTimeoutMs: 1000 });
    session.disturbNext('drop');
    expect((await publish('lost')).answers).toEqual([{ subscriber: subscriber.name, status: undefined }]);
    expect(await subscriber.next()).toContain(`${subscriber.name} did not answer to Patient-open.`);
    expect((await publish('next')).answers).toEqual(followed(subscriber.name));
    expect(subscriber.all.map(idOf)).not.toContain('lost');
  });

  it('duplicate: is sent twice, and answered twice', async () => {
    const { hub, session, subscriber, publish } = await open();
    session.disturbNext('duplicate');
    expect((await publish('twin')).answers).toEqual(followed(subscriber.name));
    await publish('next');
    expect(subscriber.all.map(idOf)).toEqual(['twin', 'twin', 'next']);
    const answers = hub.log.filter(({ kind, eventId }) => kind === 'answer' && eventId === 'twin');
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('reorder: comes after the next one', async () => {
    const { hub, session, subscriber, publish } = await open();
    session.disturbNext('reorder');
    const results = await Promise.all([publish('first'), publish('second')]);
    expect(results.map(({ answers }) => answers)).toEqual([followed(subscriber.name), followed(subscriber.name)]);
    expect(subscriber.all.map(idOf)).toEqual(['second', 'first']);
    const seen = hub.log
      .filter(({ kind }) => kind === 'notify' || kind === 'answer')
      .filter(({ about }) => about !== 'verify');
    // A socket keeps the order by itself; a callback has the next one when it has answered.
    expect(seen.map(({ kind, eventId }) => `${kind} ${eventId}`)).toEqual(
      channel === 'websocket'
        ? ['notify second', 'notify first', 'answer second', 'answer first']
        : ['notify second', 'answer second', 'notify first', 'answer first'],
    );
  });

  it('reorder: comes alone when nothing follows', async () => {
    const { session, subscriber, publish } = await open();
    session.disturbNext('reorder');
    expect((await publish('alone')).answers).toEqual(followed(subscriber.name));
    expect(subscriber.all.map(idOf)).toEqual(['alone']);
  });

  it('reorder: several come in reverse', async () => {
    const { session, subscriber, publish } = await open();
    session.disturbNext('reorder');
    session.disturbNext('reorder');
    await Promise.all([publish('first'), publish('second'), publish('third')]);
    expect(subscriber.all.map(idOf)).toEqual(['third', 'second', 'first']);
  });

  it('garbage: comes after rubbish', async () => {
    const { session, subscriber, publish } = await open();
    session.disturbNext('garbage');
    expect((await publish('proper')).answers).toEqual(followed(subscriber.name));
    expect(subscriber.all.map(idOf)).toEqual(['unreadable', 'proper']);
  });

  it('truncate: comes after its first half', async () => {
    const { session, subscriber, publish } = await open();
    session.disturbNext('truncate');
    expect((await publish('proper')).answers).toEqual(followed(subscriber.name));
    const [half = '', whole = ''] = subscriber.all;
    expect([subscriber.all.length, half.length]).toEqual([2, Math.floor(whole.length / 2)]);
    expect(whole.startsWith(half)).toBe(true);
  });

  it('wrong-topic: comes after the same of another topic', async () => {
    const { session, subscriber, publish } = await open();
    session.disturbNext('wrong-topic');
    expect((await publish('proper')).answers).toEqual(followed(subscriber.name));
    const [stray, proper] = subscriber.all.map((message) => JSON.parse(message));
    expect(subscriber.all).toHaveLength(2);
    expect(proper.id).toBe('proper');
    expect(stray.id).not.toBe('proper');
    expect(stray.event['hub.topic']).not.toContain(session.id);
    expect(stray.event['hub.topic']).toMatch(/^(http.*\/)?[0-9a-f]{32}$/);
    expect({ ...stray.event, 'hub.topic': proper.event['hub.topic'] }).toEqual(proper.event);
  });

  it('is for one notification, and is in the log', async () => {
    const { hub, session, subscriber, publish } = await open();
    session.disturbNext('duplicate');
    session.disturbNext('garbage');
    for (const id of ['a', 'b', 'c']) await publish(id);
    expect(subscriber.all.map(idOf)).toEqual(['a', 'a', 'unreadable', 'b', 'c']);
    const disturbed = hub.log.filter(({ kind }) => kind === 'disturb');
    expect(disturbed.map(({ eventId, fields }) => [eventId, fields?.disturbance])).toEqual([
      ['a', 'duplicate'],
      ['b', 'garbage'],
    ]);
  });

  it('is for one subscriber where that is wanted, who may come later', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    session.disturbNext('duplicate', { subscriber: 'Other' });
    const subscriber = await subscribe(hub, session);
    const other = await subscribeSocket(hub, session, { name: 'Other' });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(subscriber.all.map(idOf)).toEqual(['e1']);
    expect(other.inbox.all.slice(1).map(({ id }) => id)).toEqual(['e1', 'e1']);
  });

  it.each<Disturbance>(['drop', 'duplicate', 'reorder', 'garbage', 'truncate', 'wrong-topic'])(
    '%s: ends with the hub',
    async (disturbance) => {
      const { hub, session, subscriber, publish } = await open();
      subscriber.mute();
      session.disturbNext(disturbance);
      const published = publish('e1');
      await hub.waitFor(({ kind }) => kind === 'disturb');
      await hub.close();
      expect((await published).answers).toEqual([{ subscriber: subscriber.name, status: undefined }]);
    },
  );
});

describe('a disturbance of a websocket that is lost', () => {
  it.each<Disturbance>(['drop', 'duplicate', 'reorder', 'garbage', 'truncate', 'wrong-topic'])(
    '%s: is not waited for',
    async (disturbance) => {
      const hub = await openHub();
      const session = hub.openSession();
      const subscriber = await onWebSocket(hub, session);
      subscriber.mute();
      session.disturbNext(disturbance);
      const published = session.publish('Patient-open', patientContext());
      subscriber.gone();
      expect((await published).answers).toEqual([{ subscriber: 'App', status: undefined }]);
    },
  );
});

describe('what is replayed', () => {
  it('is disturbed as well', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext(), { id: 'open' });
    session.disturbNext('duplicate', { subscriber: 'Viewer' });
    const { inbox } = await subscribeSocket(hub, session);
    expect([(await inbox.next()).id, (await inbox.next()).id]).toEqual(['open', 'open']);
  });
});
