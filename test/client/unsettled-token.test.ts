import { describe, expect, it, onTestFinished } from 'vitest';
import { FhircastClient, type FhircastClientOptions } from '../../src/index.ts';
import { startTestHub } from '../../src/testing/index.ts';

/** What an app waits for when it leaves, and what a busy machine adds. In milliseconds. */
const LEAVES_WITHIN_MS = 6_500;

const never = () => new Promise<string>(() => {});

/** A session at a hub, and an app whose token stops coming when it is told so. */
async function open(options: Partial<FhircastClientOptions> = {}) {
  const hub = await startTestHub();
  const { id: topic, accessToken } = hub.openSession();
  let comes = true;
  const client = new FhircastClient({
    hubUrl: hub.url,
    topic,
    accessToken: () => (comes ? accessToken : never()),
    reconnect: { firstMs: 5, longestMs: 20 },
    ...options,
  });
  client.on('Patient-open', () => {}).on('error', () => {});
  onTestFinished(async () => {
    await client.unsubscribe().catch(() => {});
    await hub.close();
  });
  const stop = () => {
    comes = false;
  };
  return { client, stop };
}

/** How something ended, and after how many milliseconds. */
const settled = async (promise: Promise<unknown>) => {
  const start = performance.now();
  const code = await promise.then(
    () => 'fulfilled',
    ({ code }: { code?: unknown }) => code,
  );
  return { code, ms: performance.now() - start };
};

describe('an access token that never comes', { timeout: 15_000 }, () => {
  it('does not hold an app that leaves, nor what is in flight', async () => {
    const { client, stop } = await open();
    await client.ready();
    stop();
    const change = settled(client.requestContextChange('Home-open', {}));
    const left = await settled(client.unsubscribe());
    expect(left).toEqual({ code: 'hub-timeout', ms: expect.any(Number) });
    expect(left.ms).toBeLessThan(LEAVES_WITHIN_MS);
    expect((await change).code).toBe('closed');
    expect(client.state).toBe('closed');
  });

  it('does not hold an app that leaves before it was ready', async () => {
    const { client, stop } = await open();
    stop();
    const ready = settled(client.ready());
    const left = await settled(client.unsubscribe());
    expect(left.ms).toBeLessThan(LEAVES_WITHIN_MS);
    expect(await ready).toMatchObject({ code: 'closed' });
  });

  it('is a failure after the time for a request, and of ready()', async () => {
    const { client, stop } = await open({ requestTimeoutMs: 50 });
    stop();
    expect(await settled(client.ready())).toMatchObject({ code: 'token-unavailable' });
  });

  it('ends with the signal of who waits', async () => {
    const { client, stop } = await open();
    stop();
    const life = new AbortController();
    const { signal } = life;
    const waiting = [client.ready({ signal }), client.getCurrentContext({ signal })].map(settled);
    life.abort();
    for (const { code } of await Promise.all(waiting)) expect(code).toBe('aborted');
  });

  it('does not hold what waits for a new one in place of one that ended', async () => {
    const hub = await startTestHub();
    const { id: topic } = hub.openSession();
    const accessToken = (refused?: string) => (refused ? never() : 'one that ended');
    const client = new FhircastClient({ hubUrl: hub.url, topic, accessToken, requestTimeoutMs: 1_000 });
    onTestFinished(() => hub.close());
    client.on('Patient-open', () => {}).on('error', () => {});
    const ready = settled(client.ready());
    expect(await settled(client.getCurrentContext())).toMatchObject({ code: 'token-unavailable' });
    expect((await settled(client.unsubscribe())).ms).toBeLessThan(LEAVES_WITHIN_MS);
    expect(['closed', 'token-unavailable']).toContain((await ready).code);
  });
});
