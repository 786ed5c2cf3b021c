import { describe, expect, it } from 'vitest';
import { formatMessage, type HubMessage } from '../../src/testing/index.ts';
import { openHub, outcomeOf, patientContext, postForm, subscribeCallback, subscribeSocket } from './support.ts';

describe('two dialects in one session', () => {
  it('share events, each in its own words', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    const { inbox } = await subscribeSocket(hub, session);
    await session.publish('switch-patient-chart', patientContext(), { id: 'e1' });
    const event = JSON.parse((await callback.inbox.next()).body.toString()).event;
    expect([event['hub.topic'], event['hub.event']]).toEqual([session.url, 'open-patient-chart']);
    const frame = await inbox.next();
    expect([frame.event?.['hub.topic'], frame.event?.['hub.event']]).toEqual([session.id, 'Patient-open']);
  });

  it('do not share with another session', async () => {
    const hub = await openHub();
    const [session, other] = [hub.openSession(), hub.openSession()];
    await subscribeSocket(hub, session);
    expect((await other.publish('Patient-open', patientContext())).answers).toEqual([]);
    expect(session.current).toBeUndefined();
  });
});

describe('the log', () => {
  it('has every message in order, raw, and calls back with each', async () => {
    const seen: HubMessage[] = [];
    const hub = await openHub({ onMessage: (message) => seen.push(message) });
    const session = hub.openSession();
    await subscribeSocket(hub, session);
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect(hub.log.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
      'in subscribe',
      'out reply',
      'in connect',
      'out active',
      'out confirm',
      'in publish',
      'out notify',
      'in answer',
    ]);
    expect(hub.log[0]?.fields).toMatchObject({ 'hub.topic': session.id, 'subscriber.name': 'Viewer' });
    expect(hub.log.at(-1)).toMatchObject({ channel: 'websocket', subscriber: 'Viewer', eventId: 'e1', status: 200 });
    expect(seen).toEqual(hub.log);
  });

  it('is waited for, from the start or from now on, and not for ever', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext(), { id: 'e1' });
    expect((await hub.waitFor(({ kind }) => kind === 'publish')).eventId).toBe('e1');
    const next = hub.waitFor(({ kind }) => kind === 'publish', { since: hub.log.length });
    await session.publish('Patient-open', patientContext(), { id: 'e2' });
    expect((await next).eventId).toBe('e2');
    await expect(hub.waitFor(({ kind }) => kind === 'deny', { timeoutMs: 10 })).rejects.toThrow('publish, publish');
  });

  it('is printed without anything that is to stay secret', async () => {
    const hub = await openHub({ verifyInline: true });
    const session = hub.openSession();
    const callback = await subscribeCallback(hub, session);
    const { endpoint } = await subscribeSocket(hub, session, { name: 'Viewer\u001b[31m' });
    await session.publish('Patient-open', patientContext('Secretive'), { id: 'e1' });
    await session.deny('A reason that is not for terminals');
    const printed = hub.log.map(formatMessage).join('\n');
    expect(printed.split('\n')).toHaveLength(hub.log.length);
    expect(printed).toContain('hub → Viewer?[31m');
    expect(printed).toMatch(/notify +websocket +Patient-open #e1/);
    const secrets = [
      'a shared secret',
      session.id,
      session.accessToken,
      callback.url,
      endpoint,
      'Secretive',
      'A reason',
    ];
    for (const secret of secrets) expect(printed).not.toContain(secret);
    expect(printed).not.toContain('\u001b');
  });

  it('names who sends, once the hub knows the token', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await subscribeSocket(hub, session, { name: 'Viewer' });
    await fetch(session.url, { headers: { Authorization: `Bearer ${session.accessToken}` } });
    expect(await hub.waitFor(({ kind }) => kind === 'context')).toMatchObject({
      subscriber: 'Viewer',
      session: session.id,
    });
  });
});

describe('closing the hub', () => {
  it('ends sockets with 1001, and answers nothing more', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { closed } = await subscribeSocket(hub, session, { events: 'Patient-open,SyncError' });
    await hub.close();
    expect(await closed).toBe(1001);
    await expect(postForm(hub.url, session.accessToken, {})).rejects.toThrow();
    await hub.close();
  });

  it('keeps no process alive, with leases, sockets and answers pending', async () => {
    const program = `
      import WebSocket from 'ws';
      import { once } from 'node:events';
      import { startTestHub } from './src/testing/index.ts';
      const hub = await startTestHub();
      const session = hub.openSession();
      const response = await fetch(hub.url, {
        method: 'POST',
        headers: { Authorization: 'Bearer ' + session.accessToken },
        body: new URLSearchParams({
          'hub.channel.type': 'websocket', 'hub.mode': 'subscribe',
          'hub.topic': session.id, 'hub.events': 'Patient-open',
        }),
      });
      const socket = new WebSocket((await response.json())['hub.channel.endpoint']);
      await once(socket, 'message');
      void session.publish('Patient-open');
      await once(socket, 'message');
      await hub.close();
      console.log('closed');
    `;
    expect(await outcomeOf(program)).toEqual([0, 'closed\n']);
  }, 20_000);
});
