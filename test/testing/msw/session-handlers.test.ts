import { setupServer } from 'msw/node';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { FhircastClient } from '../../../src/index.ts';
import { fhircastMatchers } from '../../../src/testing/fake/index.ts';
import { fhircastSession } from '../../../src/testing/msw/index.ts';

const ADA = { resourceType: 'Patient', id: 'ada' } as const;
const BRAM = { resourceType: 'Patient', id: 'bram' } as const;

/** An app whose network is mocked. */
async function open() {
  const { handlers, session } = fhircastSession();
  // Node has one since 22; msw stands in for what there is.
  vi.stubGlobal('WebSocket', globalThis.WebSocket ?? NodeWebSocket);
  const server = setupServer(...handlers);
  server.listen({ onUnhandledRequest: 'error' });
  const client = await FhircastClient.fromSmartLaunch(session.tokenResponse, {
    reconnect: { firstMs: 1, longestMs: 20 },
    // The sockets of the platform are what msw stands in for.
    webSocket: (url) => new WebSocket(url),
  });
  onTestFinished(async () => {
    await client.unsubscribe();
    server.close();
    vi.unstubAllGlobals();
  });
  return { client, session };
}

describe('a session that msw keeps', () => {
  it('is launched into, followed, changed and left', async () => {
    const { client, session } = await open();
    let isBusy = false;
    client.on('Patient-open', (event) => void (isBusy && event.refuse('An edit is not saved.')));
    client.on('Patient-close', () => {});
    await client.ready({ caughtUp: true });
    expect(session.subscribedTo).toContain('Patient-open');
    expect(await session.open(ADA)).toMatchObject({ event: 'Patient-open', status: 200 });
    expect(client.shown?.patient?.id).toBe('ada');
    isBusy = true;
    expect(await session.open(BRAM)).toMatchObject({ status: 409 });
    expect(client.shown?.patient?.id).toBe('ada');
    isBusy = false;
    const echo = new Promise<string | undefined>((resolve) =>
      client.once('Patient-open', ({ isEcho, patient }) => resolve(isEcho ? patient?.id : undefined)),
    );
    expect((await client.requestContextChange('Patient-open', { patient: ADA })).accepted).toBe(true);
    expect(await echo).toBe('ada');
    session.refuseNext(403);
    expect(await client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ status: 403 });
    await session.close(ADA);
    expect(client.shown).toBeNull();
    expect(fhircastMatchers.toHaveAnswered(session, 'patient-open-chart', 409).pass).toBe(true);
    await client.unsubscribe();
    expect(session.subscribedTo).toEqual([]);
  });

  it('is come back to after a lost connection, and what was missed is followed', async () => {
    const { client, session } = await open();
    client.on('Patient-open', () => {});
    await client.ready({ caughtUp: true });
    const lost = new Promise((resolve) =>
      client.on('state', ({ state }) => state === 'reconnecting' && resolve(state)),
    );
    session.drop();
    await lost;
    await session.open(ADA);
    await client.ready({ caughtUp: true });
    expect(client.context.current?.patient?.id).toBe('ada');
  });

  it('says what is wrong with what it is given', async () => {
    const { session } = await open();
    await expect(session.open({ id: 'ada' } as never)).rejects.toThrow('resourceType');
  });
});
