import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, type FhircastClientOptions, type ProtocolRecord } from '../../src/index.ts';
import { startTestHub, type TestHubOptions } from '../../src/testing/index.ts';
import { patientContext } from './support.ts';

/** A hub with a session, and clients of it that leave when the test ends. */
async function open(options?: TestHubOptions) {
  const hub = await startTestHub(options);
  const session = hub.openSession();
  const clients: FhircastClient[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.unsubscribe().catch(() => {})));
    await hub.close();
  });
  const join = (changes: Partial<FhircastClientOptions> = {}) => {
    const client = new FhircastClient({
      hubUrl: hub.url,
      topic: session.id,
      accessToken: session.accessToken,
      ...changes,
    });
    clients.push(client);
    return client.on('error', () => {});
  };
  const requests = () => hub.log.filter(({ kind }) => kind === 'subscribe' || kind === 'unsubscribe');
  const asked = () => requests().map(({ fields }) => fields?.['hub.events']?.split(',').sort());
  return { hub, session, join, requests, asked };
}

const listener = () => {};

describe('what the hub is asked for', () => {
  it('is nothing while nothing listens to its events', async () => {
    const { join, requests } = await open();
    const client = join().on('*', listener).on('state', listener);
    await expect(client.ready()).rejects.toMatchObject({ code: 'no-events' });
    expect(client.state).toBe('idle');
    expect(requests()).toEqual([]);
  });

  it('is settled a microtask later: who came and went before is not asked for', async () => {
    const { join, asked } = await open();
    const client = join();
    client.on('Patient-open', listener).on('Encounter-open', listener).off('encounter-open', listener);
    client.once('SyncError', listener);
    expect(client.state).toBe('idle');
    await client.ready();
    expect(asked()).toEqual([['Patient-open', 'SyncError']]);
  });

  it('shrinks when the one who listened once has heard', async () => {
    const { join, session, hub } = await open();
    const client = join();
    const heard = new Promise((resolve) => client.once('Patient-open', resolve));
    client.on('Patient-close', listener);
    await client.ready();
    await session.publish('Patient-open', patientContext());
    await heard;
    const asked = await hub.waitFor(
      ({ kind, fields }) => kind === 'subscribe' && fields?.['hub.events'] === 'Patient-close,SyncError',
    );
    expect(asked.kind).toBe('subscribe');
  });

  it('is what the option says, from the start, whoever listens', async () => {
    const { join, asked } = await open();
    const client = join({ events: ['patient-open-chart', 'Patient-Open', 'SyncError'] });
    client.on('Encounter-open', listener);
    await client.ready();
    expect(new Set(asked()[0])).toEqual(new Set(['Patient-open', 'SyncError']));
    client.off('Encounter-open');
    await client.ready();
    expect(asked()).toHaveLength(1);
  });
});

describe('ready()', () => {
  it('resolves for all who wait, with one request', async () => {
    const { join, asked } = await open();
    const client = join().on('Patient-open', listener);
    await Promise.all([client.ready(), client.ready(), client.ready()]);
    await client.ready();
    expect(client.state).toBe('active');
    expect(asked()).toHaveLength(1);
  });

  it('rejects with the hub’s refusal, and the same again asks again', async () => {
    const { join, hub, asked } = await open();
    hub.refuseNext({ kind: 'subscribe', status: 400 });
    hub.refuseNext({ kind: 'subscribe', status: 400 });
    const client = join().on('Patient-open', listener);
    await expect(client.ready()).rejects.toMatchObject({ code: 'hub-refused', status: 400 });
    expect(client.state).toBe('denied');
    await client.ready();
    expect(client.state).toBe('active');
    // Objections were not why, and are asked for again.
    const [both, alone] = [['Patient-open', 'SyncError'], ['Patient-open']];
    expect(asked()).toEqual([both, alone, both]);
    expect(client.syncStatus.objections).toBe('heard');
  });

  it('takes what the hub grants without objections, and asks this hub for them no more', async () => {
    const { join, hub, asked } = await open();
    hub.refuseNext({ kind: 'subscribe', status: 400 });
    const client = join().on('Patient-open', listener);
    await client.ready();
    expect(client.syncStatus.objections).toBe('unheard');
    client.on('Patient-close', listener);
    await client.ready();
    const [both, alone] = [['Patient-open', 'SyncError'], ['Patient-open']];
    expect(asked()).toEqual([both, alone, ['Patient-close', 'Patient-open']]);
    client.on('SyncError', listener);
    await client.ready();
    expect(client.syncStatus.objections).toBe('heard');
  });

  it.each([
    ['the app pins its events', { events: ['Patient-open'] as const }],
    ['the granted scope does not cover them', { scope: 'fhircast/Patient-open.read' }],
    ['the version has none', { dialect: 'draft', channel: 'websocket' } as const],
  ])('does not ask for objections where %s, and says that none can be heard', async (_, changes) => {
    const { join, asked } = await open();
    const client = join(changes).on('Patient-open', listener);
    await client.ready();
    expect(asked()).toHaveLength(1);
    expect(asked()[0]).not.toContain('SyncError');
    expect(client.syncStatus.objections).toBe('unheard');
  });

  it('rejects with the hub’s denial', async () => {
    const { join, session } = await open();
    const client = join().on('Patient-open', listener);
    // A hub that has just come back may deny what it does not know yet: it is asked once more.
    client.on('protocol', ({ kind, direction }) => {
      if (kind === 'subscribe' && direction === 'out') session.denyNext('not yours');
    });
    const denied = new Promise((resolve) => client.on('denied', resolve));
    await expect(client.ready()).rejects.toMatchObject({ code: 'subscription-denied', hubText: 'not yours' });
    expect(await denied).toMatchObject({ reason: 'not yours' });
    expect(client.state).toBe('denied');
  });

  it('rejects when the token is not accepted', async () => {
    const { join } = await open();
    const client = join({ accessToken: 'unknown' }).on('Patient-open', listener);
    await expect(client.ready()).rejects.toMatchObject({ code: 'session-over', status: 401 });
  });

  it('rejects when the channel needs a callback endpoint and there is none', async () => {
    const { join, requests } = await open();
    const client = join({ channel: 'webhook' }).on('Patient-open', listener);
    await expect(client.ready()).rejects.toMatchObject({ code: 'channel-no-callback' });
    expect(client.state).toBe('denied');
    expect(requests()).toEqual([]);
  });

  it('rejects when the caller gives up, and the client goes on', async () => {
    const { join } = await open();
    const client = join().on('Patient-open', listener);
    await expect(client.ready({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await client.ready();
    expect(client.state).toBe('active');
  });

  it('rejects when the app leaves, also for those who wait', async () => {
    const { join } = await open();
    const client = join().on('Patient-open', listener);
    const waiting = expect(client.ready()).rejects.toMatchObject({ code: 'closed' });
    await client.unsubscribe();
    await waiting;
    await expect(client.ready()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('leaving', () => {
  it('tells the hub once, whoever asks how often', async () => {
    const { join, hub } = await open();
    const client = join().on('Patient-open', listener);
    await client.ready();
    await Promise.all([client.unsubscribe(), client.unsubscribe()]);
    await client.unsubscribe();
    expect(hub.log.filter(({ kind }) => kind === 'unsubscribe')).toHaveLength(1);
    expect(client.state).toBe('closed');
    expect(client.channel).toBeUndefined();
  });

  it('before anything was asked tells the hub nothing', async () => {
    const { join, requests } = await open();
    const client = join().on('Patient-open', listener);
    await client.unsubscribe();
    await Promise.resolve();
    expect(requests()).toEqual([]);
  });

  it('is final: nothing can be listened to or sent', async () => {
    const { join, hub } = await open();
    const client = join();
    await client.unsubscribe();
    for (const method of ['on', 'once'] as const)
      expect(() => client[method]('Patient-open', listener)).toThrow(expect.objectContaining({ code: 'closed' }));
    await expect(client.requestContextChange('Home-open', {})).rejects.toMatchObject({ code: 'closed' });
    expect(client.off('Patient-open')).toBe(client);
    expect(hub.log).toEqual([]);
  });

  it('rejects when the hub cannot be told, and is closed all the same', async () => {
    const { join, hub } = await open();
    const client = join().on('Patient-open', listener);
    await client.ready();
    hub.refuseNext({ kind: 'unsubscribe', status: 500 });
    // Every call has the same end.
    for (let call = 0; call < 2; call++)
      await expect(client.unsubscribe()).rejects.toMatchObject({ code: 'hub-failed' });
    expect(client.state).toBe('closed');
  });

  it.each([404, 410])('does not reject when the hub has forgotten the subscription: %i', async (status) => {
    const { join, hub } = await open();
    const client = join().on('Patient-open', listener);
    await client.ready();
    hub.refuseNext({ kind: 'unsubscribe', status });
    await client.unsubscribe();
    expect(client.state).toBe('closed');
  });
});

describe('a scope that does not cover what is listened to', () => {
  it('is said once, before the request, with the names', async () => {
    const { join } = await open();
    const said: unknown[] = [];
    const client = join({ scope: 'openid fhircast/Patient-open.read' });
    client.on('warning', ({ code, at }) => said.push([code, at]));
    client.on('protocol', ({ kind, direction }) => kind === 'subscribe' && direction === 'out' && said.push(kind));
    client.on('Patient-open', listener).on('Encounter-open', listener);
    await client.ready();
    await client.ready();
    expect(said).toEqual([['scope-missing', 'Encounter-open'], 'subscribe']);
  });

  it('is not said when it covers them', async () => {
    const { join } = await open();
    const said: unknown[] = [];
    const client = join({ scope: 'fhircast/*.read' }).on('warning', (warning) => said.push(warning));
    await client.on('Patient-open', listener).ready();
    expect(said).toEqual([]);
  });
});

it('what the client records can be printed as it is', async () => {
  const { join, session, hub } = await open();
  const records: ProtocolRecord[] = [];
  const client = join().on('protocol', (record) => records.push(record));
  await client.on('Patient-open', listener).ready();
  await session.publish('Patient-open', patientContext('quackenbush'));
  await client.requestContextChange('Patient-close', patientContext('quackenbush'));
  await client.getCurrentContext();
  await client.unsubscribe();
  expect(new Set(records.map(({ kind }) => kind))).toEqual(
    expect.toSatisfy((kinds: Set<string>) =>
      ['subscribe', 'confirmation', 'notification', 'answer', 'context-change', 'current-context', 'unsubscribe'].every(
        (kind) => kinds.has(kind),
      ),
    ),
  );
  const printed = JSON.stringify(records);
  for (const secret of [session.id, session.accessToken, 'quackenbush', hub.url, 'ws://'])
    expect(printed).not.toContain(secret);
  expect(inspect(client)).not.toContain(session.accessToken);
  expect(inspect(client)).not.toContain(session.id);
});
