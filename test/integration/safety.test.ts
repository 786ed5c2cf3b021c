import { describe, expect, it } from 'vitest';
import { FhircastClient, type FhircastEvent } from '../../src/index.ts';
import { App } from './app.ts';
import { Evidence } from './evidence.ts';
import { ADA, at, BRAM, openWorld, patientContext } from './world.ts';
import { WORLDS } from './worlds.ts';

describe('the evidence', () => {
  it.each<[string, (secret: string) => unknown]>([
    ['a message', (secret) => new Error(`At ${secret}.`)],
    ['a cause', (secret) => new Error('No.', { cause: new Error(secret) })],
    ['a field', (secret) => ({ deep: { within: [secret] } })],
  ])('tells of a secret in %s', (_, make) => {
    const evidence = new Evidence();
    evidence.keep('the token', 't0ken');
    evidence.value('error', make('nothing'));
    evidence.expectNoLeak();
    evidence.value('error', make('t0ken'));
    expect(() => evidence.expectNoLeak()).toThrow(/the token in error/);
  });
});

describe.each(WORLDS)('safety: $title', (kind) => {
  it('keeps every secret and all health information out of logs, errors and records', async () => {
    const world = await openWorld(kind);
    const { evidence, session } = world;
    const decide = (event: FhircastEvent) => {
      if (event.patient?.id === BRAM.id) throw new Error('No images.');
      event.refuse('A report is being dictated.');
    };
    const app = await world.follow('Viewer', { listener: decide, acknowledgeWithinMs: 30 });
    app.client.on('SyncError', () => undefined);
    await app.client.ready();

    // What succeeds, what is dropped, and what cannot be read.
    await session.publish('Patient-open', patientContext(ADA), { timestamp: at(10) });
    await session.publish('Patient-open', patientContext(BRAM), { timestamp: at(20) });
    await session.publish('Patient-open', patientContext(ADA), { timestamp: at(1) });
    await session.publish('Patient-open', [{ key: 'patient', resource: ADA, reference: ADA }], { timestamp: 'today' });
    await session.publish('Patient-open', [...patientContext(ADA), ...patientContext(BRAM)]);
    await session.publish('Patient-open', []);
    await session.sendRaw(world.message('Patient-open', { topic: 'another' }));
    await session.sendRaw(world.message('Patient-open', { context: ADA }));
    await session.sendRaw(`{"id":"event-2","event":${JSON.stringify(ADA)}`, { timeoutMs: 100 });
    await session.sendRaw(world.message('Patient-open'), { signature: 'sha256=00', timeoutMs: 100 });
    await world.failure(app.client.requestContextChange('ImagingStudy-open', patientContext(ADA)));
    await app.client.requestContextChange('Patient-open', { patient: ADA });
    await app.client.getCurrentContext().catch((error) => evidence.value('failure', error));

    // What the hub refuses, in words that hold what they should not.
    const [{ callback, endpoint } = {}] = session.subscriptions;
    evidence.keep('the websocket URL', endpoint);
    const text = JSON.stringify({ error: `${ADA.id} ${session.id} ${session.accessToken} ${callback} ${endpoint}` });
    // The client asks by itself, too, because it refused an event.
    for (const status of [400, 401, 500]) {
      const failed = () =>
        app.client.getCurrentContext().then(
          () => false,
          (error) => evidence.value('failure', error) !== null,
        );
      do world.hub.refuseNext({ kind: 'context', status, text });
      while (!(await failed()));
    }
    world.hub.refuseNext({ kind: 'publish', status: 409, text });
    await app.client.requestContextChange('Patient-open', { patient: ADA });
    // A hub that ends what it had confirmed is asked again, and a single denial is not believed.
    app.client.on('protocol', ({ kind: what, direction }) => {
      if (what === 'subscribe' && direction === 'out') session.denyNext(text);
    });
    await session.deny(text);
    await app.until(() => app.client.state === 'denied');

    // What does not get through.
    const refused = await world.join('Dictation');
    world.hub.refuseNext({ kind: 'subscribe', status: 500, text });
    refused.client.on('Patient-open', () => undefined);
    await world.failure(refused.client.ready());
    const { dialect, form } = kind;
    const [hubUrl, topic] = form === 'stu' ? [world.hub.url, session.id] : [world.hub.draftUrl, session.url];
    for (const accessToken of [
      `${session.accessToken}\u0000`,
      `${session.accessToken}\n.`,
      `${session.accessToken}…`,
    ]) {
      evidence.keep('the token', session.accessToken);
      const client = new FhircastClient({ hubUrl, topic, dialect, accessToken, callback: world.callback });
      const lost = world.take(new App('Lost', client, evidence));
      lost.client.on('Patient-open', () => undefined);
      await world.failure(lost.client.ready());
      await world.failure(lost.client.getCurrentContext());
    }
    const nowhere = new FhircastClient({
      hubUrl: 'http://127.0.0.1:9',
      topic: session.id,
      accessToken: session.accessToken,
    });
    await world.failure(nowhere.getCurrentContext());
    await app.client.unsubscribe();

    expect([...evidence.kinds]).toEqual(
      expect.arrayContaining(['the topic', 'the token', 'the id of a patient', 'the name of a patient']),
    );
    expect([...evidence.kinds]).toContain(kind.channel === 'webhook' ? 'the callback URL' : 'the websocket URL');
    expect([...evidence.places].sort()).toEqual([
      'error',
      'failure',
      'log',
      'protocol',
      'state',
      'subscribed',
      'sync',
      'warning',
    ]);
    evidence.expectNoLeak();
  });
});
