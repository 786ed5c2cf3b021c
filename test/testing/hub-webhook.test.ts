import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { draftFields, openCallback, openHub, patientContext, postForm, subscribeCallback } from './support.ts';

describe('a webhook subscription in the January 2019 draft', () => {
  it('is accepted with 202 and verified afterwards', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await openCallback();
    const response = await postForm(hub.draftUrl, session.accessToken, {
      ...draftFields(session, `${callback.url}?mine=1`, 'open-patient-chart,close-patient-chart'),
      'hub.lease_seconds': '60',
    });
    expect(response.status).toBe(202);
    const { method, path, query } = await callback.inbox.next();
    expect([method, path]).toEqual(['GET', '/callback']);
    const { 'hub.challenge': challenge, ...rest } = Object.fromEntries(query);
    expect(challenge).toMatch(/^[0-9a-f]{32}$/);
    expect(rest).toEqual({
      mine: '1',
      'hub.mode': 'subscribe',
      'hub.topic': session.url,
      'hub.events': 'open-patient-chart,close-patient-chart',
      'hub.lease_seconds': '60',
    });
    await hub.waitFor(({ kind }) => kind === 'active');
    expect(session.subscriptions).toEqual([
      {
        channel: 'webhook',
        name: 'webhook-1',
        events: ['open-patient-chart', 'close-patient-chart'],
        topic: session.url,
        leaseSeconds: 60,
        active: true,
        callback: `${callback.url}?mine=1`,
        socketOpen: false,
      },
    ]);
  });

  it('is verified before the answer when the hub is told so', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback();
    const response = await postForm(hub.url, session.accessToken, draftFields(session, callback.url));
    expect(response.status).toBe(202);
    expect(callback.inbox.all).toHaveLength(1);
    expect(session.subscriptions[0]?.active).toBe(true);
  });

  it('does not start when the challenge does not come back as it is', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback({ challenge: (sent) => `${sent}\n` });
    const response = await postForm(hub.url, session.accessToken, draftFields(session, callback.url));
    expect(response.status).toBe(400);
    expect(session.subscriptions).toEqual([]);
  });

  it('gets events in its own spelling, signed over the exact bytes', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session, { events: 'Patient-Open-Chart' });
    const result = await session.publish('Patient-open', patientContext('ä'), {
      id: 'e1',
      timestamp: '2024-05-01T10:00:00Z',
    });
    expect(result).toEqual({
      id: 'e1',
      versionId: expect.any(String),
      answers: [{ subscriber: 'webhook-1', status: 200 }],
    });
    const { method, headers, body } = await callback.inbox.next();
    expect(method).toBe('POST');
    expect(headers['content-type']).toBe('application/json');
    const digest = createHmac('sha256', 'a shared secret').update(body).digest('hex');
    expect(headers['x-hub-signature']).toBe(`sha256=${digest}`);
    expect(JSON.parse(body.toString())).toEqual({
      id: 'e1',
      timestamp: '2024-05-01T10:00:00Z',
      event: { 'hub.topic': session.url, 'hub.event': 'Patient-Open-Chart', context: patientContext('ä') },
    });
  });

  it('gets nothing that it did not subscribe to', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session, { events: 'close-patient-chart' });
    expect((await session.publish('Patient-open', patientContext())).answers).toEqual([]);
    await session.publish('Patient-close', patientContext());
    expect(JSON.parse((await callback.inbox.next()).body.toString()).event['hub.event']).toBe('close-patient-chart');
  });

  it('is replaced by another one with the same callback', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback();
    await postForm(hub.url, session.accessToken, draftFields(session, callback.url, 'open-patient-chart'));
    await postForm(hub.url, session.accessToken, draftFields(session, callback.url, 'close-patient-chart'));
    expect(session.subscriptions.map(({ name, events }) => ({ name, events }))).toEqual([
      { name: 'webhook-1', events: ['close-patient-chart'] },
    ]);
  });

  it('ends when the callback verifies an unsubscription, and only then', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback();
    const fields = draftFields(session, callback.url);
    await postForm(hub.url, session.accessToken, fields);
    callback.settings.challenge = () => 'no';
    const refused = await postForm(hub.url, session.accessToken, { ...fields, 'hub.mode': 'unsubscribe' });
    expect([refused.status, session.subscriptions.length]).toEqual([400, 1]);
    callback.settings.challenge = (sent) => sent;
    const response = await postForm(hub.url, session.accessToken, { ...fields, 'hub.mode': 'unsubscribe' });
    expect([response.status, session.subscriptions.length]).toEqual([202, 0]);
    const last = callback.inbox.all.at(-1)?.query;
    expect([last?.get('hub.mode'), last?.get('hub.topic')]).toEqual(['unsubscribe', session.url]);
    const again = await postForm(hub.url, session.accessToken, { ...fields, 'hub.mode': 'unsubscribe' });
    expect(again.status).toBe(404);
  });

  it('ends when the callback says that it is gone', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await subscribeCallback(hub, session, { status: 410 });
    const { answers } = await session.publish('open-patient-chart', patientContext());
    expect(answers).toMatchObject([{ status: 410 }]);
    expect(session.subscriptions).toEqual([]);
    expect((await session.publish('open-patient-chart', patientContext())).answers).toEqual([]);
  });

  it('is denied later with a reason', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    await session.deny('The shift is over');
    const { query } = await callback.inbox.next();
    expect(Object.fromEntries(query)).toEqual({
      'hub.mode': 'denied',
      'hub.topic': session.url,
      'hub.events': 'open-patient-chart',
      'hub.reason': 'The shift is over',
    });
    expect(session.subscriptions).toEqual([]);
  });

  it('is denied in place of a verification', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await openCallback();
    session.denyNext('Not today');
    const response = await postForm(hub.url, session.accessToken, draftFields(session, callback.url));
    expect(response.status).toBe(202);
    const { query } = await callback.inbox.next();
    expect([query.get('hub.mode'), query.get('hub.reason')]).toEqual(['denied', 'Not today']);
    expect(session.subscriptions).toEqual([]);
  });

  it('hears nothing more when its lease is over', async () => {
    const hub = await openHub({ leaseSeconds: 2 });
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    await hub.waitFor(({ kind }) => kind === 'expire');
    expect((await session.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect(callback.inbox.all.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('a webhook subscription in the way of STU2', () => {
  it('needs no secret, knows context versions, and unsubscribes without a challenge', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await openCallback();
    const fields = {
      'hub.mode': 'subscribe',
      'hub.callback': callback.url,
      'hub.events': 'patient-open',
      'hub.topic': session.id,
      'hub.channel.type': 'webhook',
    };
    expect((await postForm(hub.url, session.accessToken, fields)).status).toBe(202);
    const { versionId } = await session.publish('Patient-open', patientContext());
    const notification = callback.inbox.all.at(-1);
    expect(notification?.headers['x-hub-signature']).toBeUndefined();
    expect(JSON.parse(notification?.body.toString() ?? '').event).toMatchObject({
      'hub.topic': session.id,
      'hub.event': 'patient-open',
      'context.versionId': versionId,
    });
    expect((await postForm(hub.url, session.accessToken, { ...fields, 'hub.mode': 'unsubscribe' })).status).toBe(202);
    expect(session.subscriptions).toEqual([]);
    expect(callback.inbox.all).toHaveLength(2);
  });
});

describe('a raw message by webhook', () => {
  it.each([
    ['valid', `sha256=${createHmac('sha256', 'a shared secret').update('not { json').digest('hex')}`],
    ['missing', undefined],
    ['sha256=00', 'sha256=00'],
  ])('goes out as it is, signature %s', async (signature, header) => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session, { status: 400 });
    expect(await session.sendRaw('not { json', { signature })).toEqual([{ subscriber: 'webhook-1', status: 400 }]);
    const { headers, body } = await callback.inbox.next();
    expect(body.toString()).toBe('not { json');
    expect(headers['x-hub-signature']).toBe(header);
  });
});
