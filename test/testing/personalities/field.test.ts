import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openSocket, patientContext } from '../support.ts';
import { endpointOf, openPersonality, openSubscription, subscribeCallback, websocketFields } from './support.ts';

describe('radiology', () => {
  it('is silent on a websocket until its endpoint has been sent back', async () => {
    const opened = await openPersonality('radiology');
    const { session } = opened;
    const { endpoint, socket, inbox } = await openSubscription(opened, 'patient-open');
    await once(socket, 'open');
    await session.publish('Patient-open', patientContext(), { id: 'before' });
    socket.send(JSON.stringify({ 'hub.channel.endpoint': endpoint }));
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
    await session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });

  it('takes no other frame for it', async () => {
    const opened = await openPersonality('radiology');
    const { socket, inbox } = await openSubscription(opened, 'patient-open');
    await once(socket, 'open');
    socket.send('{"hub.channel.endpoint":"ws://elsewhere.example.com/"}');
    await opened.hub.waitFor(({ kind }) => kind === 'malformed');
    expect(inbox.all).toEqual([]);
    expect(opened.session.subscriptions).toMatchObject([{ active: false }]);
  });

  it('is STU2 otherwise, with webhooks', async () => {
    const opened = await openPersonality('radiology');
    await subscribeCallback(opened, 'patient-open', { 'hub.channel.type': 'webhook' });
    expect(opened.hub.wellKnown).toMatchObject({ fhircastVersion: 'STU2' });
    expect(await (await opened.context()).json()).toEqual([]);
  });
});

describe('ok-only', () => {
  it.each([
    ['202', '{"id":"e1","status":"202"}'],
    ['204', '{"id":"e1","status":204}'],
    ['a missing status', '{"id":"e1"}'],
  ])('takes %s for a refusal, and tells everybody', async (_what, answer) => {
    const opened = await openPersonality('ok-only');
    const { inbox, socket, settings } = await openSubscription(opened, 'patient-open,syncerror');
    const watch = await openSubscription(opened, 'syncerror');
    await inbox.next();
    await watch.inbox.next();
    settings.status = 'silent';
    const published = opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    await inbox.next();
    socket.send(answer);
    await published;
    for (const { event } of [await inbox.next(), await watch.inbox.next()]) {
      expect(event).toMatchObject({ 'hub.event': 'syncerror' });
    }
  });

  it('tells nobody when the answer is 200', async () => {
    const opened = await openPersonality('ok-only');
    const { inbox } = await openSubscription(opened, 'patient-open,patient-close,syncerror');
    await inbox.next();
    await opened.session.publish('Patient-open', patientContext());
    await opened.session.publish('Patient-close', patientContext());
    const names = [await inbox.next(), await inbox.next()].map(({ event }) => event?.['hub.event']);
    expect(names).toEqual(['patient-open', 'patient-close']);
  });

  it('is websockets alone', async () => {
    const { ask, session } = await openPersonality('ok-only');
    const response = await ask({ ...websocketFields(session, 'patient-open'), 'hub.channel.type': 'webhook' });
    expect(response.status).toBe(400);
  });
});

describe('silent-confirmation', () => {
  it('never confirms, and sends events all the same', async () => {
    const opened = await openPersonality('silent-confirmation');
    const { inbox } = await openSubscription(opened, 'patient-open');
    await opened.hub.waitFor(({ kind }) => kind === 'active');
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(await inbox.next()).toMatchObject({ id: 'e1', event: { 'hub.event': 'patient-open' } });
  });
});

describe('bare-endpoint', () => {
  it('answers with the URL of the websocket and nothing else', async () => {
    const { ask, session } = await openPersonality('bare-endpoint');
    const response = await ask(websocketFields(session, 'patient-open'));
    expect([response.status, response.headers.get('content-location')]).toEqual([202, null]);
    const endpoint = await response.clone().text();
    await expect(endpointOf(response)).rejects.toThrow();
    expect(await openSocket(endpoint).inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
  });
});
