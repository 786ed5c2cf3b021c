import { describe, expect, it } from 'vitest';
import { profiles } from '../../src/index.ts';
import { ADA, at, BRAM, patientContext } from '../integration/world.ts';
import { postForm } from '../testing/support.ts';
import { type Field, openField } from './support.ts';

const PROFILE = { profile: profiles.castHub };

/** Another client of the hub, which is none of ours. */
const peer = ({ session, hub }: Field) => {
  const token = session.issueToken('fhircast/*.*', 3600, 'Slicer');
  return {
    token,
    says: (name: string, context: unknown, id = 'peer-1') =>
      fetch(hub.url, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          timestamp: at(0),
          id,
          event: { 'hub.topic': session.id, 'hub.event': name, context },
        }),
      }),
  };
};

describe.each(['websocket', 'webhook'] as const)('a Cast hub by %s', (channel) => {
  it('is not taken for a sandbox: it gets changes and the end of the subscription at its own URL', async () => {
    const field = await openField('cast-hub');
    const posts: string[] = [];
    const record: typeof fetch = (url, init) => {
      if (init?.method === 'POST') posts.push(String(url).replace(/\?.*/, ''));
      return fetch(url, init);
    };
    const base = field.hub.url;
    const app = await field.followApp({ ...PROFILE, channel, fetch: record as never });
    expect(app.client.hub.channel).toBe(channel);
    await field.opens(ADA);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ accepted: true });
    // None has been sent to the session's URL, in vain.
    expect(posts.filter((url) => url !== base)).toEqual([]);
    expect(app.client.hub.learnt).not.toHaveProperty('publishTo', channel === 'webhook' ? 'hub' : 'session');
    expect(app.client.hub.dialect).toBe('stu3');
    await app.client.unsubscribe();
    expect(field.seen('unsubscribe')).toHaveLength(1);
    expect(field.session.subscriptions).toEqual([]);
    expect(posts.filter((url) => url !== base)).toEqual([]);
    expect(posts.length).toBeGreaterThanOrEqual(3);
  });

  it('tells the current context as a bare array in its version of April, which is followed', async () => {
    const field = await openField('cast-hub', { traits: { contextForm: 'array' } });
    await field.session.publish('Patient-open', patientContext());
    const app = await field.followApp({ ...PROFILE, channel });
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    expect(app.client.syncStatus.state).toBe('in-sync');
    expect(await app.client.getCurrentContext()).toMatchObject({ type: 'Patient' });
  });

  it('sends on what its clients write in the place of a context, and that is no doubt about the session', async () => {
    const field = await openField('cast-hub');
    const app = await field.launchApp({ ...PROFILE, channel });
    const events = ['Patient-open', 'org.example.request', 'subscription-removed'].map((name) => app.collect(name));
    const [opened = [], requests = [], removed = []] = events;
    await app.client.ready();
    await field.confirmed();
    const { says } = peer(field);
    const status = async (answer: Promise<Response>) => (await answer).status;
    // One entry that is no list is a list of one.
    expect(await status(says('patient-open', patientContext()[0]))).toBe(202);
    await app.until(() => opened.length === 1);
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
    const context = { dataType: 'STATUS', files: [{ fileName: 'a.dcm' }] };
    expect(await status(says('org.example.request', context, 'peer-2'))).toBe(202);
    await app.until(() => requests.length === 1);
    expect(requests[0]?.context).toEqual([]);
    expect(requests[0]?.raw).toMatchObject({ event: { context } });
    // Another one leaves.
    const other = await field.followApp(PROFILE, 'Dictation');
    await other.client.unsubscribe();
    await app.until(() => removed.length === 1);
    expect(removed[0]?.raw).toMatchObject({ event: { context: { subscriber: expect.any(String) } } });
    expect(app.errors).toEqual([]);
    expect(new Set(app.warningCodes)).toEqual(new Set(['event-unknown', 'notification-deviation']));
    expect(app.client.syncStatus.state).toBe('in-sync');
  });

  it('does not take an open or a close whose context names nothing', async () => {
    const field = await openField('cast-hub');
    const app = await field.followApp({ ...PROFILE, channel });
    await peer(field).says('Patient-open', { patient: ADA });
    await app.until(() => app.errorCodes.includes('notification-malformed'));
    expect(app.client.syncStatus).toMatchObject({ state: 'behind', reason: 'event-refused' });
  });
});

describe('a Cast hub by webhook', () => {
  it('tells the secret in its answer, which is in no record, error or text', async () => {
    const field = await openField('cast-hub');
    const app = await field.followApp({ ...PROFILE, channel: 'webhook' });
    const secret = field.seen('subscribe')[0]?.fields?.['hub.secret'] ?? '';
    const reply = field.hub.log.find(({ kind, about }) => kind === 'reply' && about === 'subscribe');
    expect(JSON.parse(reply?.body ?? '{}')).toMatchObject({ status: 'subscribed', subscription: { secret } });
    expect(Object.keys(field.seen('verify')[0]?.fields ?? {}).sort()).toEqual(['hub.challenge', 'hub.topic']);
    expect(JSON.stringify([app.records, app.errors, app.warnings, app.states])).not.toContain(secret);
    field.evidence.keep('the secret', secret);
  });

  it('is told when an app leaves that was not told which hub it is', async () => {
    const field = await openField('cast-hub');
    const app = await field.followApp({ channel: 'webhook' });
    await field.opens(ADA);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ accepted: true });
    await app.client.unsubscribe();
    expect(app.errors).toEqual([]);
    expect(field.seen('unsubscribe')).toHaveLength(1);
    expect(field.session.subscriptions).toEqual([]);
  });
});

it('a Cast hub grants the lease that its own clients ask for in `hub.lease`', async () => {
  const field = await openField('cast-hub');
  const { token } = peer(field);
  const fields = { 'hub.mode': 'subscribe', 'hub.topic': field.session.id, 'hub.events': 'patient-open' };
  const ask = (more: Record<string, string>) =>
    postForm(field.hub.url, token, { ...fields, 'hub.channel.type': 'websocket', ...more });
  expect((await ask({ 'hub.lease': '600' })).status).toBe(202);
  expect((await ask({ 'hub.lease': '600', 'hub.lease_seconds': '300' })).status).toBe(202);
  expect((await ask({ 'hub.lease': 'soon' })).status).toBe(400);
  expect(field.session.subscriptions.map(({ leaseSeconds }) => leaseSeconds)).toEqual([600, 300]);
});
