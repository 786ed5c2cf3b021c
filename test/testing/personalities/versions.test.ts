import { describe, expect, it } from 'vitest';
import { HUB_PERSONALITIES } from '../../../src/testing/index.ts';
import { openCallback, openHub, openSocket, patientContext, postEvent } from '../support.ts';
import {
  endpointOf,
  openPersonality,
  openSubscription,
  subscribeCallback,
  webhookFields,
  websocketFields,
} from './support.ts';

const OLD = ['draft', 'ballot'] as const;

describe('every personality', () => {
  it.each(HUB_PERSONALITIES)('%s names its hub and its session in the words of its version', async (personality) => {
    const { hub, session } = await openPersonality(personality);
    const { access_token: _token, token_type: _type, expires_in: _life, scope: _scope, ...named } = session.launch();
    expect(named).toEqual(session.launchParameters(hub.traits.launchForm));
    expect(session.launchParameters()).toEqual(named);
    expect(session.url).toBe(`${hub.url.replace(/\/$/, '')}/${session.id}`);
  });
});

describe.each(OLD)('%s', (personality) => {
  it('verifies a callback with all fields, and sends what happens', async () => {
    const opened = await openPersonality(personality);
    const { session } = opened;
    const { response, verification, inbox } = await subscribeCallback(opened, 'open-patient-chart', {
      topic: session.url,
    });
    expect([response.status, await response.text()]).toEqual([202, '']);
    expect([...verification.query.keys()].sort()).toEqual([
      'hub.challenge',
      'hub.events',
      'hub.lease_seconds',
      'hub.mode',
      'hub.topic',
    ]);
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    const message = JSON.parse((await inbox.next()).body.toString()) as unknown;
    expect(message).toMatchObject({ id: 'e1', event: { 'hub.topic': session.url, 'hub.event': 'open-patient-chart' } });
    expect(JSON.stringify(message)).not.toContain('versionId');
  });

  it('knows the spellings of its time and no later ones', async () => {
    const opened = await openPersonality(personality);
    const { session } = opened;
    await subscribeCallback(opened, 'Patient-open,patient-open,switch-patient-chart', { topic: session.url });
    expect((await session.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect((await session.publish('switch-patient-chart', patientContext())).answers).toHaveLength(1);
  });

  it('offers webhooks alone, and ignores a channel type', async () => {
    const { ask, session } = await openPersonality(personality);
    const response = await ask({ ...websocketFields(session, 'open-patient-chart'), 'hub.topic': session.url });
    expect([response.status, await response.text()]).toEqual([400, 'hub.callback is missing.']);
  });

  it('needs a secret, and in an unsubscription all that was in the subscription', async () => {
    const opened = await openPersonality(personality, { verifyInline: true });
    const { session, ask } = opened;
    const { url } = await openCallback();
    const fields = webhookFields(session.url, url, 'open-patient-chart');
    await ask(fields);
    const leave = { ...fields, 'hub.mode': 'unsubscribe' };
    for (const name of ['hub.secret', 'hub.events']) {
      const { [name]: _left, ...rest } = leave as Record<string, string>;
      expect(await (await ask(rest)).text()).toBe(`${name} is missing.`);
    }
    expect((await ask(leave)).status).toBe(202);
    expect(session.subscriptions).toEqual([]);
  });

  it('verifies the end of a subscription', async () => {
    const opened = await openPersonality(personality);
    const { session, ask } = opened;
    const { url, inbox } = await subscribeCallback(opened, 'open-patient-chart', { topic: session.url });
    await ask({ ...webhookFields(session.url, url, 'open-patient-chart'), 'hub.mode': 'unsubscribe' });
    const { query } = await inbox.next();
    expect(query.get('hub.mode')).toBe('unsubscribe');
    expect(query.get('hub.challenge')).toMatch(/\w/);
  });

  it('takes events as application/json at the URL of the session alone', async () => {
    const { hub, session } = await openPersonality(personality);
    const { accessToken, url } = session;
    const post = (at: string, type: string) =>
      postEvent(at, accessToken, url, 'open-patient-chart', { type }).then(({ status }) => status);
    expect(await post(url, 'application/json')).toBe(202);
    expect(await post(url, 'application/fhir+json')).toBe(415);
    expect(await post(hub.url, 'application/json')).toBe(404);
  });

  it('answers with the envelope when asked for the current context', async () => {
    const { session, context } = await openPersonality(personality);
    expect(await (await context()).json()).toMatchObject({ event: { 'hub.topic': session.url, context: [] } });
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(await (await context()).json()).toEqual({
      timestamp: expect.any(String),
      id: 'e1',
      event: { 'hub.topic': session.url, context: patientContext() },
    });
  });

  it('has no discovery document, and tells nobody of who does not follow', async () => {
    const opened = await openPersonality(personality);
    const { hub, session } = opened;
    expect((await fetch(`${hub.url}/.well-known/fhircast-configuration`)).status).toBe(404);
    const { settings } = await subscribeCallback(opened, 'open-patient-chart,sync-error', { topic: session.url });
    settings.status = 500;
    await session.publish('Patient-open', patientContext());
    expect(hub.log.filter(({ kind }) => kind === 'notify')).toHaveLength(1);
  });
});

describe('the launch', () => {
  it.each([
    ['draft', ['cast-hub', 'cast-session']],
    ['ballot', ['cast-hub', 'hub.topic']],
    ['stu1', ['hub.url', 'hub.topic']],
    ['stu1-websocket', ['hub.url', 'hub.topic']],
    ['stu2', ['hub.url', 'hub.topic']],
    ['stu3', ['hub.url', 'hub.topic']],
  ] as const)('of %s has %j', async (personality, names) => {
    const { session } = await openPersonality(personality);
    expect(Object.keys(session.launchParameters())).toEqual(names);
  });
});

describe('stu1', () => {
  it('is webhooks without a channel type, at a topic that is opaque', async () => {
    const opened = await openPersonality('stu1');
    const { session } = opened;
    const { verification, inbox } = await subscribeCallback(opened, 'patient-open');
    expect(verification.query.get('hub.topic')).toBe(session.id);
    await session.publish('Patient-open', patientContext());
    const message = JSON.parse((await inbox.next()).body.toString()) as unknown;
    expect(message).toMatchObject({ event: { 'hub.topic': session.id, 'hub.event': 'patient-open' } });
  });

  it('compares names without regard to case, and knows no older ones', async () => {
    const opened = await openPersonality('stu1');
    const { session } = opened;
    await subscribeCallback(opened, 'PATIENT-OPEN,close-patient-chart');
    expect((await session.publish('Patient-open', patientContext())).answers).toHaveLength(1);
    expect((await session.publish('Patient-close', patientContext())).answers).toEqual([]);
  });

  it('takes events at the URL of the hub and at that of the session, and tells no current context', async () => {
    const { hub, session, context } = await openPersonality('stu1');
    for (const url of [hub.url, session.url]) {
      const { status } = await postEvent(url, session.accessToken, session.id, 'patient-open', {
        type: 'application/json',
      });
      expect(status).toBe(202);
    }
    expect((await context()).status).toBe(404);
  });

  it('tells the others, and not the one itself, who does not follow', async () => {
    const opened = await openPersonality('stu1');
    const { hub, session } = opened;
    const bad = await subscribeCallback(opened, 'patient-open,syncerror');
    const since = hub.log.length;
    const good = await openCallback();
    await opened.ask(webhookFields(session.id, good.url, 'patient-open,syncerror'));
    await hub.waitFor(({ kind }) => kind === 'active', { since });
    bad.settings.status = 409;
    await session.publish('Patient-open', patientContext());
    await hub.waitFor(({ kind, event }) => kind === 'answer' && event === 'syncerror');
    const named = hub.log.filter(({ kind, event }) => kind === 'notify' && event === 'syncerror');
    expect(named.map(({ subscriber }) => subscriber)).toEqual(['webhook-2']);
  });
});

describe('stu1-websocket', () => {
  it('needs a channel type', async () => {
    const { ask, session } = await openPersonality('stu1-websocket');
    const { url } = await openCallback();
    const response = await ask(webhookFields(session.id, url, 'patient-open'));
    expect([response.status, await response.text()]).toEqual([400, 'hub.channel.type is missing.']);
  });

  it('gives the URL of the websocket in Content-Location, and an empty body', async () => {
    const { ask, session } = await openPersonality('stu1-websocket');
    const response = await ask(websocketFields(session, 'patient-open'));
    expect([response.status, await response.text()]).toEqual([202, '']);
    const { inbox } = openSocket(response.headers.get('content-location') ?? '');
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'subscribe', 'hub.topic': session.id });
    await session.publish('Patient-open', patientContext());
    expect((await inbox.next()).event).toMatchObject({ 'hub.event': 'patient-open' });
  });

  it.each(['hub.callback', 'hub.secret'])('refuses %s in a request for a websocket', async (name) => {
    const { ask, session } = await openPersonality('stu1-websocket');
    const response = await ask({ ...websocketFields(session, 'patient-open'), [name]: 'https://app.example.com/' });
    expect([response.status, await response.text()]).toEqual([
      400,
      `${name} must not be in a request for a websocket.`,
    ]);
  });

  it('takes webhooks too, with a secret and a verified end', async () => {
    const opened = await openPersonality('stu1-websocket');
    const { ask, session } = opened;
    const { url, inbox } = await subscribeCallback(opened, 'patient-open', { 'hub.channel.type': 'webhook' });
    const fields: Record<string, string> = {
      ...webhookFields(session.id, url, 'patient-open'),
      'hub.channel.type': 'webhook',
    };
    await ask({ ...fields, 'hub.mode': 'unsubscribe' });
    expect((await inbox.next()).query.get('hub.mode')).toBe('unsubscribe');
    const { 'hub.secret': _secret, ...rest } = fields;
    expect(await (await ask(rest)).text()).toBe('hub.secret is missing.');
  });
});

describe('stu2', () => {
  it('gives the URL of the websocket as JSON, confirms, and replays nothing', async () => {
    const opened = await openPersonality('stu2');
    const { session } = opened;
    await session.publish('Patient-open', patientContext(), { id: 'before' });
    const { inbox } = await openSubscription(opened, 'patient-open');
    expect(await inbox.next()).toEqual({
      'hub.mode': 'subscribe',
      'hub.topic': session.id,
      'hub.events': 'patient-open',
      'hub.lease_seconds': 7200,
    });
    await session.publish('Patient-open', patientContext(), { id: 'after' });
    const frame = await inbox.next();
    expect(frame).toMatchObject({ id: 'after', event: { 'hub.event': 'patient-open' } });
    expect(JSON.stringify(frame)).not.toContain('versionId');
  });

  it('takes a webhook without a secret, and verifies its beginning but not its end', async () => {
    const opened = await openPersonality('stu2');
    const { ask, session } = opened;
    const { url, inbox } = await openCallback();
    const { 'hub.secret': _secret, ...rest } = webhookFields(session.id, url, 'patient-open');
    const fields: Record<string, string> = { ...rest, 'hub.channel.type': 'webhook' };
    await ask(fields);
    expect((await inbox.next()).query.get('hub.mode')).toBe('subscribe');
    await opened.hub.waitFor(({ kind }) => kind === 'active');
    await session.publish('Patient-open', patientContext());
    expect((await inbox.next()).headers['x-hub-signature']).toBeUndefined();
    const { 'hub.events': _events, ...leave } = fields;
    expect((await ask({ ...leave, 'hub.mode': 'unsubscribe' })).status).toBe(202);
    expect(session.subscriptions).toEqual([]);
    expect(inbox.all).toHaveLength(2);
  });

  it('refuses events in an unsubscription', async () => {
    const opened = await openPersonality('stu2');
    const { endpoint } = await openSubscription(opened, 'patient-open');
    const response = await opened.ask({
      ...websocketFields(opened.session, 'patient-open'),
      'hub.mode': 'unsubscribe',
      'hub.channel.endpoint': endpoint,
    });
    expect([response.status, await response.text()]).toEqual([400, 'hub.events must not be in an unsubscription.']);
  });

  it('answers with a bare array when asked for the current context', async () => {
    const { session, context } = await openPersonality('stu2');
    expect(await (await context()).json()).toEqual([]);
    await session.publish('Patient-open', patientContext());
    expect(await (await context()).json()).toEqual(patientContext());
  });

  it('has a discovery document with its version and its names', async () => {
    const { hub } = await openPersonality('stu2');
    const document = await (await fetch(`${hub.url}/.well-known/fhircast-configuration`)).json();
    expect(document).toEqual({
      eventsSupported: expect.arrayContaining(['patient-open', 'syncerror']),
      websocketSupport: true,
      webhookSupport: true,
      fhircastVersion: 'STU2',
    });
  });
});

describe('stu3', () => {
  it('offers websockets alone, and needs the channel type', async () => {
    const { ask, session } = await openPersonality('stu3');
    const { url } = await openCallback();
    const fields = webhookFields(session.id, url, 'Patient-open');
    expect(await (await ask(fields)).text()).toBe('hub.channel.type is missing.');
    const response = await ask({ ...fields, 'hub.channel.type': 'webhook' });
    expect([response.status, await response.text()]).toEqual([400, 'This hub offers no webhook.']);
  });

  it('sends what is open to whoever comes late, with its version', async () => {
    const opened = await openPersonality('stu3');
    const { versionId } = await opened.session.publish('Patient-open', patientContext(), { id: 'before' });
    const { inbox } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    expect(await inbox.next()).toMatchObject({
      id: 'before',
      event: { 'hub.event': 'Patient-open', 'context.versionId': versionId },
    });
  });

  it('takes events at its own URL alone, in both media types', async () => {
    const { hub, session } = await openPersonality('stu3');
    const post = (at: string, type: string) =>
      postEvent(at, session.accessToken, session.id, 'Patient-open', { type }).then(({ status }) => status);
    expect(await post(hub.url, 'application/json')).toBe(202);
    expect(await post(hub.url, 'application/fhir+json')).toBe(202);
    expect(await post(session.url, 'application/json')).toBe(404);
  });

  it('answers with an object when asked for the current context, and has a discovery document', async () => {
    const { hub, session, context } = await openPersonality('stu3');
    expect(await (await context()).json()).toEqual({ 'context.type': '', 'context.versionId': '', context: [] });
    const { versionId } = await session.publish('patient-open', patientContext());
    expect(await (await context()).json()).toEqual({
      'context.type': 'Patient',
      'context.versionId': versionId,
      context: [
        ...patientContext(),
        { key: 'content', resource: { resourceType: 'Bundle', id: expect.any(String), type: 'collection' } },
      ],
    });
    const document = await (await fetch(`${hub.url}/.well-known/fhircast-configuration`)).json();
    expect(document).toMatchObject({ fhircastVersion: 'STU3', webhookSupport: false, getCurrentSupport: true });
  });

  it('ends a subscription with a denial on its socket', async () => {
    const opened = await openPersonality('stu3');
    const { endpoint, inbox, closed } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    const { 'hub.events': _events, ...rest } = websocketFields(opened.session, '');
    await opened.ask({ ...rest, 'hub.mode': 'unsubscribe', 'hub.channel.endpoint': endpoint });
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'denied' });
    expect(await closed).toBe(1000);
  });
});

describe('an option', () => {
  it('changes what a personality does', async () => {
    const hub = await openHub({ personality: 'stu3', replay: false, discovery: false, currentContext: false });
    expect(hub.wellKnown).toBeUndefined();
    const session = hub.openSession();
    expect((await fetch(session.url, { headers: { Authorization: `Bearer ${session.accessToken}` } })).status).toBe(
      404,
    );
    const opened = await openPersonality('stu3', { replay: false });
    await opened.session.publish('Patient-open', patientContext(), { id: 'before' });
    const { inbox } = await openSubscription(opened, 'Patient-open');
    await opened.session.publish('Patient-close', patientContext());
    await inbox.next();
    await opened.session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
    expect(await endpointOf(await opened.ask(websocketFields(opened.session, 'Patient-open')))).toMatch(/^ws:/);
  });
});
