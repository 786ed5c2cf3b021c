import type * as Root from 'fhircast-client';
import { startTestHub, TEST_PATIENTS, type TestHub, type TestSession } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BlankPageOptions, openBlankPage } from './support.ts';

/** What the page holds; the functions given to `evaluate()` run there. */
declare const root: typeof Root;
declare const client: Root.FhircastClient;
declare const heard: string[];
declare const last: Root.FhircastEvent & { readonly patient: Root.Patient };

const [ada, bram] = TEST_PATIENTS;
if (!bram) throw new Error('There are too few patients.');
const opened = (resource: unknown) => [{ key: 'patient', resource }];

/** A page that follows a session, and by default would wait a minute before it came back by itself. */
async function follow(
  options: BlankPageOptions = {},
  firstMs = 60_000,
): Promise<{ hub: TestHub; session: TestSession; page: Page }> {
  const hub = await startTestHub({ network: true });
  onTestFinished(() => hub.close());
  const session = hub.openSession();
  const page = await openBlankPage(options);
  await page.evaluate(
    async ({ firstMs, ...options }) => {
      const client = new root.FhircastClient({ ...options, reconnect: { firstMs, longestMs: 60_000 } });
      const heard: string[] = [];
      Object.assign(globalThis, { client, heard });
      client.on('Patient-open', (event) => heard.push(`${event.source} ${event.patient.id}`));
      client.on('error', () => {});
      await client.ready();
    },
    { hubUrl: hub.url, topic: session.id, accessToken: session.accessToken, firstMs },
  );
  return { hub, session, page };
}

/** Resolves when the page's client is in a state. */
const state = (page: Page, wanted: Root.ClientState) =>
  page.waitForFunction((wanted) => client.state === wanted, wanted, { timeout: 10_000 });

/** The hub is out of reach until it is healed. */
async function loseHub(page: Page, hub: TestHub): Promise<void> {
  hub.network?.refuse();
  hub.network?.cut();
  await state(page, 'reconnecting');
}

describe('a page that waits for its connection', () => {
  it('comes back at once when the network does', async () => {
    const { hub, session, page } = await follow();
    await loseHub(page, hub);
    await page.context().setOffline(true);
    await session.publish('Patient-open', opened(ada));
    hub.network?.heal();
    await page.context().setOffline(false);
    await state(page, 'active');
    await page.waitForFunction(() => client.syncStatus.state === 'in-sync');
    expect(await page.evaluate(() => heard.map((one) => one.split(' ')[1]))).toEqual(['ada-quill']);
  });

  it('comes back at once when it is looked at again', async () => {
    const { hub, page } = await follow();
    await loseHub(page, hub);
    hub.network?.heal();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await state(page, 'active');
  });

  it('hears of nothing after it has left', async () => {
    const { hub, page } = await follow();
    await page.evaluate(() => client.unsubscribe());
    await hub.waitFor(({ kind }) => kind === 'disconnect');
    const { length } = hub.log;
    await page.evaluate(() => {
      for (const type of ['online', 'pageshow', 'pagehide']) dispatchEvent(new Event(type));
      document.dispatchEvent(new Event('visibilitychange'));
    });
    expect(await page.evaluate(() => client.state)).toBe('closed');
    expect(hub.log).toHaveLength(length);
  });
});

describe('a page whose own server has gone', () => {
  it('changes the context, refuses late and comes back, and fetches nothing but from the hub', async () => {
    const server = new AbortController();
    const { hub, session, page } = await follow({ until: server.signal }, 50);
    server.abort();
    expect(await page.evaluate(() => fetch('/').then(String, () => 'gone'))).toBe('gone');
    const reached: string[] = [];
    page.on('request', (request) => void reached.push(new URL(request.url()).host));
    page.on('websocket', (socket) => void reached.push(new URL(socket.url()).host));

    const accepted = await page.evaluate(async (patient) => {
      client.on('Patient-open', (event) => void Object.assign(globalThis, { last: event }));
      const { accepted } = await client.requestContextChange('Patient-open', { patient });
      return accepted;
    }, bram);
    expect(accepted).toBe(true);
    await page.waitForFunction(() => last.patient.id === 'bram-oakhurst');

    const { answers } = await session.publish('Patient-open', opened(ada));
    expect(answers).toMatchObject([{ status: 200 }]);
    await page.evaluate(() => last.refuse('A report is being dictated.'));
    await hub.waitFor(({ kind, body }) => kind === 'publish' && body?.includes('A report is being dictated.') === true);

    await page.evaluate(() => {
      client.on('state', ({ state }) => heard.push(state));
    });
    hub.network?.cut();
    // It may be back before anybody looks.
    await page.waitForFunction(() => /reconnecting.*active/.test(heard.join()), undefined, { timeout: 10_000 });
    await session.publish('Patient-open', opened(bram));
    await page.waitForFunction(() => last.patient.id === 'bram-oakhurst' && client.syncStatus.state === 'in-sync');
    expect(reached).not.toEqual([]);
    expect(new Set(reached)).toEqual(new Set([new URL(hub.url).host]));
  });
});

describe('a page that is left', () => {
  it('takes back its subscription while it is unloaded', async () => {
    const { hub, session, page } = await follow();
    await page.goto('about:blank');
    // The end of its socket is heard of too, before it or after it.
    await hub.waitFor(({ kind }) => kind === 'unsubscribe');
    await hub.waitFor(() => session.subscriptions.length === 0);
  });

  it('and kept by the browser lets its connection go, and catches up when it is back', async () => {
    const { hub, session, page } = await follow({ keepsPages: true });
    await session.publish('Patient-open', opened(ada));
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => heard.push(persisted ? 'kept' : 'not kept'));
    });
    await page.goto(`${new URL(page.url()).origin}/elsewhere`);
    await hub.waitFor(() => session.subscriptions.length === 0);
    await session.publish('Patient-open', opened(bram));
    await page.goBack({ waitUntil: 'commit' });
    await state(page, 'active');
    await page.waitForFunction(() => client.syncStatus.state === 'in-sync');
    // The same page, and not one that was loaded again.
    expect(await page.evaluate(() => heard)).toEqual(['hub ada-quill', 'kept', 'hub bram-oakhurst']);
    expect(session.subscriptions).toHaveLength(1);
  });
});
