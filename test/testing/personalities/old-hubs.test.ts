import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCallback, patientContext, postEvent } from '../support.ts';
import { openPersonality, subscribeCallback, webhookFields } from './support.ts';

type Opened = Awaited<ReturnType<typeof openPersonality>>;

const TIMESTAMP = '2018-01-08T13:37:05.14Z';

const openNet = () => openPersonality('net-sandbox-2019');
const openJava = () => openPersonality('java-2019');

/** Subscribes a callback to the topic that the EHR names. */
const subscribe = (opened: Opened, events: string) => subscribeCallback(opened, events, { topic: opened.session.url });

/** Posts an event at the URL of the session. */
function post({ session }: Opened, name: string, { topic = session.url, type = 'application/json' } = {}) {
  return postEvent(session.url, session.accessToken, topic, name, { type });
}

const read = ({ body }: { body: Buffer }) =>
  JSON.parse(body.toString()) as { id: string; timestamp: string; event: Record<string, unknown> };

describe('net-sandbox-2019', () => {
  it('answers a subscription with 202 and an empty body, and verifies later', async () => {
    const opened = await openNet();
    const { response, verification } = await subscribe(opened, 'open-patient-chart');
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(verification.query.get('hub.mode')).toBe('subscribe');
    const kinds = opened.hub.log.map(({ kind }) => kind);
    expect(kinds.indexOf('reply')).toBeLessThan(kinds.indexOf('verify'));
  });

  it.each(['hub.callback', 'hub.secret', 'hub.events', 'hub.topic', 'hub.mode'])(
    'requires %s, and says so in JSON',
    async (name) => {
      const { ask, session } = await openNet();
      const { [name]: _left, ...rest } = webhookFields(session.url, 'https://app.example.com/', 'a');
      const response = await ask(rest);
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
      expect(await response.json()).toEqual({ [name]: [expect.any(String)] });
    },
  );

  it('ignores hub.channel.type', async () => {
    const { ask, session } = await openNet();
    const { url } = await openCallback();
    await ask({ ...webhookFields(session.url, url, 'a'), 'hub.channel.type': 'websocket' });
    expect(session.subscriptions).toMatchObject([{ channel: 'webhook' }]);
  });

  it('appends its parameters to a callback without an ampersand', async () => {
    const { hub, ask, session } = await openNet();
    const { url, inbox } = await openCallback();
    await ask(webhookFields(session.url, `${url}?mine=1`, 'open-patient-chart'));
    const { query } = await inbox.next();
    expect([query.get('mine'), query.get('hub.mode')]).toEqual(['1hub.mode=subscribe', null]);
    await hub.waitFor(({ kind }) => kind === 'active');
  });

  it('asks without a challenge whether to unsubscribe, which nobody can answer, and goes on sending', async () => {
    const opened = await openNet();
    const { url, inbox, settings } = await subscribe(opened, 'open-patient-chart');
    settings.challenge = () => '';
    await opened.ask({ ...webhookFields(opened.session.url, url, 'open-patient-chart'), 'hub.mode': 'unsubscribe' });
    const { query } = await inbox.next();
    expect([query.get('hub.mode'), query.get('hub.challenge')]).toEqual(['unsubscribe', null]);
    await opened.session.publish('open-patient-chart', patientContext());
    expect((await inbox.next()).method).toBe('POST');
  });

  it('adds a repeated subscription: events arrive twice', async () => {
    const opened = await openNet();
    const { url, inbox } = await subscribe(opened, 'open-patient-chart');
    const since = opened.hub.log.length;
    await opened.ask(webhookFields(opened.session.url, url, 'open-patient-chart'));
    await opened.hub.waitFor(({ kind }) => kind === 'active', { since });
    await inbox.next();
    await opened.session.publish('open-patient-chart', patientContext(), { id: 'e1' });
    expect([read(await inbox.next()).id, read(await inbox.next()).id]).toEqual(['e1', 'e1']);
  });

  it('writes events anew: dates as in the United States, and of patients and studies the ids alone', async () => {
    const opened = await openNet();
    const { inbox } = await subscribe(opened, 'open-patient-chart');
    const context = [
      { key: 'patient', resource: { resourceType: 'Patient', id: 'p1', active: true } },
      { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1', status: 'available' } },
      { key: 'encounter', resource: { resourceType: 'Encounter', id: 'c1' } },
    ];
    await opened.session.publish('open-patient-chart', context, { id: 'e1', timestamp: TIMESTAMP });
    const { body, headers } = await inbox.next();
    expect(JSON.parse(body.toString())).toEqual({
      timestamp: '1/8/2018 1:37:05 PM',
      id: 'e1',
      event: {
        'hub.topic': opened.session.url,
        'hub.event': 'open-patient-chart',
        context: [
          { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } },
          { key: 'imagingstudy', resource: { resourceType: 'ImagingStudy', id: 's1' } },
        ],
      },
    });
    expect(body.toString()).toContain('\n  ');
    const digest = createHmac('sha256', 'a shared secret').update(body).digest('hex');
    expect(headers['x-hub-signature']).toBe(`sha256=${digest}`);
  });

  it.each([
    ['2018-01-08T00:00:01Z', '1/8/2018 12:00:01 AM'],
    ['2018-12-31T12:59:59', '12/31/2018 12:59:59 PM'],
    ['2018-01-08T01:37:05+02:00', '1/7/2018 11:37:05 PM'],
    ['some day', 'some day'],
  ])('writes %s as %s', async (timestamp, written) => {
    const opened = await openNet();
    const { inbox } = await subscribe(opened, 'open-patient-chart');
    await opened.session.publish('open-patient-chart', patientContext(), { timestamp });
    expect(read(await inbox.next()).timestamp).toBe(written);
  });

  it('knows no other key for a study than imagingstudy when an app sends one', async () => {
    const opened = await openNet();
    const { inbox } = await subscribe(opened, 'open-imaging-study');
    const resource = { resourceType: 'ImagingStudy', id: 's1' };
    for (const key of ['study', 'imagingstudy']) {
      const { accessToken: token, url } = opened.session;
      await postEvent(url, token, url, 'open-imaging-study', { context: [{ key, resource }] });
    }
    const contexts = [read(await inbox.next()), read(await inbox.next())].map(({ event }) => event['context']);
    expect(contexts).toEqual([[], [{ key: 'imagingstudy', resource }]]);
  });

  it('matches names and topics to the letter', async () => {
    const opened = await openNet();
    await subscribe(opened, 'open-patient-chart');
    expect((await opened.session.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect((await opened.session.publish('OPEN-patient-chart', patientContext())).answers).toEqual([]);
    expect((await post(opened, 'open-patient-chart', { topic: opened.session.id })).status).toBe(404);
    expect((await opened.session.publish('open-patient-chart', patientContext())).answers).toHaveLength(1);
  });

  it('answers an event with 200 when all subscribers have it, whatever they said and whatever its media type was', async () => {
    const opened = await openNet();
    const { settings, inbox } = await subscribe(opened, 'open-patient-chart');
    settings.status = 500;
    for (const type of ['application/json', 'application/fhir+json', 'text/plain']) {
      const response = await post(opened, 'open-patient-chart', { type });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect(inbox.all.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it('answers 404 with text when nobody is subscribed, and forgets the context', async () => {
    const opened = await openNet();
    const response = await post(opened, 'open-patient-chart');
    expect([response.status, await response.text()]).toEqual([
      404,
      `Could not find any subscriptions for sessionId ${opened.session.id}.`,
    ]);
    expect((await opened.context()).status).toBe(404);
  });

  it('answers 500 when one subscriber could not be reached, and tells nobody after it', async () => {
    const opened = await openNet();
    const first = await subscribe(opened, 'open-patient-chart');
    const second = await subscribe(opened, 'open-patient-chart');
    first.settings.reset = true;
    expect((await post(opened, 'open-patient-chart')).status).toBe(500);
    expect(second.inbox.all).toHaveLength(1);
    expect(opened.hub.crashed).toBeUndefined();
  });

  it('answers 500 to an event that it cannot read', async () => {
    const { session } = await openNet();
    expect((await fetch(session.url, { method: 'POST', body: '{}' })).status).toBe(500);
  });

  it('reads an event at the bare hub as a subscription, and refuses it', async () => {
    const { hub, session } = await openNet();
    expect((await postEvent(hub.url, '', session.url, 'open-patient-chart')).status).toBe(400);
    expect(hub.crashed).toBeUndefined();
  });

  it('tells the current context as it wrote it, and 404 for none', async () => {
    const opened = await openNet();
    await subscribe(opened, 'open-patient-chart');
    expect((await opened.context()).status).toBe(404);
    await opened.session.publish('open-patient-chart', patientContext());
    expect(await (await opened.context()).json()).toEqual(patientContext());
  });

  it('has no CORS headers and no preflight', async () => {
    const { hub } = await openNet();
    const { headers, ok } = await fetch(hub.url, { method: 'OPTIONS' });
    expect([ok, headers.get('access-control-allow-origin')]).toEqual([false, null]);
  });
});

describe('java-2019', () => {
  /** Subscribes by JSON at the URL of the session. */
  async function subscribeJson({ hub, session }: Opened, url: string, more: Record<string, string> = {}) {
    const response = await fetch(session.url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${session.accessToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...webhookFields(session.url, url, 'open-patient-chart'), ...more }),
    });
    if (more['hub.mode'] === undefined) await hub.waitFor(({ kind }) => kind === 'active');
    return response;
  }

  it('takes subscriptions as JSON at the URL of the session, and as nothing else', async () => {
    const opened = await openJava();
    const { url, inbox } = await openCallback();
    expect((await opened.ask(webhookFields(opened.session.url, url, 'open-patient-chart'))).status).toBe(404);
    const form = new URLSearchParams(webhookFields(opened.session.url, url, 'open-patient-chart'));
    expect((await fetch(opened.session.url, { method: 'POST', body: form })).status).toBe(415);
    expect((await subscribeJson(opened, url)).status).toBe(202);
    expect((await inbox.next()).query.get('hub.topic')).toBe(opened.session.url);
  });

  it('takes the end of a subscription there too', async () => {
    const opened = await openJava();
    const { url, inbox } = await openCallback();
    await subscribeJson(opened, url);
    await subscribeJson(opened, url, { 'hub.mode': 'unsubscribe' });
    await inbox.next();
    expect((await inbox.next()).query.get('hub.mode')).toBe('unsubscribe');
    await opened.hub.waitFor(({ kind }) => kind === 'ended');
  });

  it('sends each event twice under two ids, with dates as Java writes them', async () => {
    const opened = await openJava();
    const { url, inbox } = await openCallback();
    await subscribeJson(opened, url);
    await inbox.next();
    await opened.session.publish('open-patient-chart', patientContext(), {
      id: 'e1',
      timestamp: '2019-01-16T23:02:27Z',
    });
    const [first, second] = [read(await inbox.next()), read(await inbox.next())];
    expect(first).toMatchObject({ id: 'e1', timestamp: 'Wed Jan 16 18:02:27 EST 2019' });
    expect(second.id).not.toBe('e1');
    expect(second).toEqual({ ...first, id: second.id });
    expect(inbox.all).toHaveLength(3);
  });

  it('signs with key and data swapped, in upper case and without a method', async () => {
    const opened = await openJava();
    const { url, inbox } = await openCallback();
    await subscribeJson(opened, url);
    await inbox.next();
    await opened.session.publish('open-patient-chart', patientContext());
    const { body, headers } = await inbox.next();
    const swapped = createHmac('sha256', body).update('a shared secret').digest('hex').toUpperCase();
    expect(headers['x-hub-signature']).toBe(swapped);
  });

  it('takes events at the same URL', async () => {
    const opened = await openJava();
    expect((await post(opened, 'open-patient-chart')).status).toBe(202);
  });

  it('answers 202 with an envelope when asked for the current context', async () => {
    const { session, context } = await openJava();
    const none = await context();
    expect([none.status, await none.json()]).toMatchObject([202, { event: { context: [] } }]);
    await session.publish('open-patient-chart', patientContext(), { id: 'e1', timestamp: '2019-01-16T23:02:27Z' });
    const some = await context();
    expect([some.status, await some.json()]).toMatchObject([
      202,
      { id: 'e1', timestamp: 'Wed Jan 16 18:02:27 EST 2019', event: { context: patientContext() } },
    ]);
  });
});
