import { describe, expect, it } from 'vitest';
import { openSocket, patientContext, postEvent, postForm } from '../support.ts';
import { endpointOf, openPersonality, openSubscription, websocketFields } from './support.ts';

const BOTH = ['medplum-stu2', 'medplum-stu3'] as const;

describe.each(BOTH)('%s', (personality) => {
  it('answers errors with an OperationOutcome, as JSON', async () => {
    const { hub, ask, session } = await openPersonality(personality);
    const { 'hub.channel.type': _type, ...fields } = websocketFields(session, 'Patient-open');
    const narrow = session.issueToken('fhircast/Encounter-open.read');
    const answers = [
      await ask(fields),
      await postForm(hub.url, 'unknown', websocketFields(session, 'Patient-open')),
      await postForm(hub.url, narrow, websocketFields(session, 'Patient-open')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 401, 403]);
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toContain('json');
      expect(await answer.json()).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', details: { text: expect.any(String) } }],
      });
    }
  });

  it('confirms with empty fields and a lease of its own', async () => {
    const opened = await openPersonality(personality);
    const { inbox } = await openSubscription(opened, 'Patient-open', { 'hub.lease_seconds': '60' });
    expect(await inbox.next()).toEqual({
      'hub.callback': '',
      'hub.channel': '',
      'hub.events': '',
      'hub.lease_seconds': 3600,
      'hub.mode': 'subscribe',
      'hub.secret': '',
      'hub.subscriber': '',
      'hub.topic': opened.session.id,
    });
  });

  it('sends a heartbeat that says how often it comes: every ten seconds', async () => {
    const opened = await openPersonality(personality, { heartbeatSeconds: 0.02 });
    const { inbox } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    const { event, id } = await inbox.next();
    expect(event).toEqual({
      'hub.topic': opened.session.id,
      'hub.event': 'heartbeat',
      context: [{ key: 'period', decimal: '0.02' }],
    });
    expect(id).toMatch(/^[\w-]{36}$/);
    expect((await openPersonality(personality)).hub.traits.heartbeat?.seconds).toBe(10);
  });

  it('sends every event of the topic, subscribed to or not, as it was spelt', async () => {
    const opened = await openPersonality(personality);
    const { inbox } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    for (const name of ['encounter-OPEN', 'org.example.mine', 'syncerror']) {
      await opened.session.publish(name, patientContext());
      expect((await inbox.next()).event).toMatchObject({ 'hub.event': name });
    }
  });

  it('gives a version to what is opened', async () => {
    const opened = await openPersonality(personality);
    const { inbox } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    const { versionId } = await opened.session.publish('Patient-open', patientContext());
    expect((await inbox.next()).event).toMatchObject({ 'context.versionId': versionId });
  });

  it('minds no answer: a refusal is no SyncError', async () => {
    const opened = await openPersonality(personality);
    const { inbox, settings } = await openSubscription(opened, 'Patient-open');
    await inbox.next();
    settings.status = '409';
    expect((await opened.session.publish('Patient-open', patientContext())).answers).toMatchObject([
      { status: undefined },
    ]);
    await opened.hub.waitFor(({ kind }) => kind === 'answer');
    await opened.session.publish('Patient-close', patientContext());
    await inbox.next();
    expect((await inbox.next()).event).toMatchObject({ 'hub.event': 'Patient-close' });
  });

  it('takes events at its own URL and at that of the session', async () => {
    const { hub, session } = await openPersonality(personality);
    for (const url of [hub.url, session.url]) {
      const response = await postEvent(url, session.accessToken, session.id, 'Patient-open');
      expect(response.ok).toBe(true);
    }
    expect(session.current?.event.id).toBe('event-1');
  });

  it('tells a denial to everybody of the topic when one leaves, and closes nothing', async () => {
    const opened = await openPersonality(personality);
    const leaving = await openSubscription(opened, 'Patient-open');
    const staying = await openSubscription(opened, 'Patient-open');
    await leaving.inbox.next();
    await staying.inbox.next();
    const response = await opened.ask({
      ...websocketFields(opened.session, 'Patient-open'),
      'hub.mode': 'unsubscribe',
      'hub.channel.endpoint': leaving.endpoint,
    });
    expect(response.status).toBe(202);
    for (const { inbox } of [leaving, staying]) {
      expect(await inbox.next()).toEqual({
        'hub.mode': 'denied',
        'hub.topic': opened.session.id,
        'hub.events': 'Patient-open',
        'hub.reason': 'Subscriber unsubscribed from topic',
      });
    }
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    for (const { inbox } of [leaving, staying]) expect((await inbox.next()).id).toBe('e1');
  });

  it('needs events in an unsubscription too', async () => {
    const opened = await openPersonality(personality);
    const { endpoint } = await openSubscription(opened, 'Patient-open');
    const { 'hub.events': _events, ...rest } = websocketFields(opened.session, '');
    const response = await opened.ask({ ...rest, 'hub.mode': 'unsubscribe', 'hub.channel.endpoint': endpoint });
    expect(response.status).toBe(400);
  });

  it('lets a socket come back to its endpoint, whatever it was closed with, and replays nothing', async () => {
    const opened = await openPersonality(personality);
    await opened.session.publish('Patient-open', patientContext(), { id: 'before' });
    const first = await openSubscription(opened, 'Patient-open');
    await first.inbox.next();
    first.socket.close(1000);
    await opened.hub.waitFor(({ kind }) => kind === 'disconnect');
    const { inbox } = openSocket(first.endpoint);
    expect(await inbox.next()).toMatchObject({ 'hub.mode': 'subscribe' });
    await opened.session.publish('Patient-open', patientContext(), { id: 'after' });
    expect((await inbox.next()).id).toBe('after');
  });

  it('forgets the context with a close of whatever comes', async () => {
    const { session } = await openPersonality(personality);
    await session.publish('Patient-open', patientContext('p1'));
    await session.publish('Encounter-close', [{ key: 'encounter', resource: { resourceType: 'Encounter', id: 'e1' } }]);
    expect(session.current).toBeUndefined();
    expect(session.open).toEqual([]);
  });

  it('ends no lease', async () => {
    const opened = await openPersonality(personality);
    const { inbox } = await openSubscription(opened, 'Patient-open', { 'hub.lease_seconds': '1' });
    await inbox.next();
    opened.session.expireLeases();
    await opened.session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect((await inbox.next()).id).toBe('e1');
  });
});

describe('medplum-stu2', () => {
  it('answers an event with 201 and JSON', async () => {
    const { session } = await openPersonality('medplum-stu2');
    const response = await postEvent(session.url, session.accessToken, session.id, 'Patient-open');
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ success: true, event: { id: 'event-1' } });
  });

  it('answers with a bare array when asked for the current context, and says STU2 of itself', async () => {
    const { hub, session, context } = await openPersonality('medplum-stu2');
    expect(await (await context()).json()).toEqual([]);
    await session.publish('Patient-open', patientContext());
    expect(await (await context()).json()).toEqual(patientContext());
    expect(hub.wellKnown).toMatchObject({ fhircastVersion: 'STU2', webhookSupport: false });
  });
});

describe('medplum-stu3', () => {
  it('answers an event with 200 and JSON', async () => {
    const { session } = await openPersonality('medplum-stu3');
    const response = await postEvent(session.url, session.accessToken, session.id, 'Patient-open');
    expect([response.status, ((await response.json()) as { success: unknown }).success]).toEqual([200, true]);
  });

  it('answers with an object when asked for the current context, without a version when there is none', async () => {
    const { hub, session, context } = await openPersonality('medplum-stu3');
    expect(await (await context()).json()).toEqual({ 'context.type': '', context: [] });
    const { versionId } = await session.publish('Patient-open', patientContext());
    expect(await (await context()).json()).toEqual({
      'context.type': 'Patient',
      'context.versionId': versionId,
      context: patientContext(),
    });
    expect(hub.wellKnown).toMatchObject({ fhircastVersion: 'STU3', webhookSupport: false });
    expect(
      await endpointOf(await postForm(hub.url, session.accessToken, websocketFields(session, 'a-open'))),
    ).toContain('/ws/fhircast/');
  });
});
