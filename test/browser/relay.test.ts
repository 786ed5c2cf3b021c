import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as Root from 'fhircast-client';
import { createRelay, type Relay, type RelayOptions, type relayChannel } from 'fhircast-client/relay';
import { startTestHub, TEST_PATIENTS, type TestHub, type TestSession } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadBlankPage, openBlankPage } from './support.ts';

/** What the page holds; the functions given to `evaluate()` run there. */
declare const root: typeof Root;
declare const relay: { relayChannel: typeof relayChannel };
declare const client: Root.FhircastClient;
declare const heard: string[];

const [ada, bram, chidi] = TEST_PATIENTS;
const opened = (resource: unknown) => [{ key: 'patient', resource }];

interface World {
  readonly hub: TestHub;
  readonly session: TestSession;
  readonly page: Page;
  readonly relay: Relay;
}

/** A hub of the January 2019 draft, which delivers by webhook alone, and a page whose server has a relay. */
async function openWorld(options: Partial<RelayOptions> = {}): Promise<World> {
  const hub = await startTestHub({ personality: 'draft' });
  let made: Relay | undefined;
  const page = await openBlankPage({
    serve(request, response) {
      if (!request.url?.startsWith('/relay/')) return false;
      made?.node(request, response);
      return true;
    },
  });
  const relay = createRelay({ baseUrl: new URL('/relay', page.url()).href, ...options });
  made = relay;
  onTestFinished(async () => {
    await hub.close();
    await relay.close(0);
  });
  return { hub, session: hub.openSession(), page, relay };
}

/** Follows the session in a page, as it is launched. */
const follow = ({ session }: World, page: Page, storage: 'sessionStorage' | 'localStorage') =>
  page.evaluate(
    async ([launch, storage]) => {
      const client = await root.FhircastClient.fromSmartLaunch(launch, {
        callback: relay.relayChannel({ url: '/relay', storage: globalThis[storage] }),
      });
      const heard: string[] = [];
      Object.assign(globalThis, { client, heard });
      client.on('patient-open-chart', (event) => void heard.push(`${event.patient.id}`));
      client.on('error', ({ code }) => void heard.push(code));
      await client.ready();
    },
    [session.launch('draft'), storage] as const,
  );

/** A relay on a server of its own, for pages of an origin. */
async function openRelayFor(origin: string): Promise<string> {
  let made: Relay | undefined;
  const server = createServer((request, response) => made?.node(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay = createRelay({ baseUrl: url, origins: [origin] });
  made = relay;
  onTestFinished(async () => {
    await relay.close(0);
    server.close();
    server.closeAllConnections();
  });
  return url;
}

/** Resolves when the page has heard so much. */
const hears = async (page: Page, ...expected: string[]) => {
  await page.waitForFunction((count) => heard.length >= count, expected.length, { timeout: 20_000 });
  expect(await page.evaluate(() => heard)).toEqual(expected);
};

describe('a page behind a hub that delivers by webhook alone', () => {
  it('follows through the relay, and leaves', async () => {
    const world = await openWorld();
    const { hub, session, page, relay } = world;
    await follow(world, page, 'sessionStorage');
    const { answers } = await session.publish('Patient-open', opened(ada));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    await hears(page, 'ada-quill');
    expect(await page.evaluate(() => client.context.current?.patient?.id)).toBe('ada-quill');
    await page.evaluate(() => client.unsubscribe());
    expect(session.subscriptions).toEqual([]);
    expect(relay.pages).toBe(0);
    expect(hub.log.filter(({ kind }) => kind === 'unsubscribe')).toHaveLength(1);
  });

  it('whose tab is closed and opened again keeps its subscription, and gets what waited, in order', async () => {
    const world = await openWorld();
    const { session, page, relay } = world;
    await follow(world, page, 'localStorage');
    await session.publish('Patient-open', opened(ada));
    await hears(page, 'ada-quill');
    const browser = page.context();
    const url = page.url();
    await page.close();
    const [before] = session.subscriptions;
    expect(session.subscriptions).toHaveLength(1);
    // The hub waits for answers that come when the page is back.
    const published = [session.publish('Patient-open', opened(bram))];
    await world.hub.waitFor(({ kind, event }) => kind === 'notify' && event === 'open-patient-chart');
    published.push(session.publish('Patient-open', opened(chidi)));
    const again = await browser.newPage();
    await loadBlankPage(again, url);
    await follow(world, again, 'localStorage');
    await hears(again, 'bram-oakhurst', 'chidi-marlowe');
    for (const { answers } of await Promise.all(published)) {
      expect(answers.map(({ status }) => status)).toEqual([200]);
    }
    expect(session.subscriptions).toHaveLength(1);
    expect(session.subscriptions[0]).toMatchObject({ callback: before?.callback });
    expect(relay.pages).toBe(1);
    await session.publish('Patient-open', opened(ada));
    await hears(again, 'bram-oakhurst', 'chidi-marlowe', 'ada-quill');
  });

  it('that is loaded again keeps its subscription by sessionStorage', async () => {
    const world = await openWorld();
    const { session, page, relay } = world;
    await follow(world, page, 'sessionStorage');
    await loadBlankPage(page, page.url());
    await follow(world, page, 'sessionStorage');
    await session.publish('Patient-open', opened(bram));
    await hears(page, 'bram-oakhurst');
    expect(session.subscriptions).toHaveLength(1);
    expect(relay.pages).toBe(1);
  });

  it('is let in by the cookie of its own session, and never without', async () => {
    const world = await openWorld({ authorize: ({ headers }) => headers.get('cookie') === 'session=mine' });
    const { session, page } = world;
    const failure = await follow(world, page, 'sessionStorage').catch((error: Error) => error.message);
    expect(failure).toContain('relay-failed: Check the URL of the relay');
    await page.context().addCookies([{ name: 'session', value: 'mine', url: page.url(), sameSite: 'Strict' }]);
    await loadBlankPage(page, page.url());
    await follow(world, page, 'sessionStorage');
    await session.publish('Patient-open', opened(ada));
    await hears(page, 'ada-quill');
  });

  it('believes nothing that the relay, or anybody, has made up', async () => {
    const world = await openWorld();
    const { session, page } = world;
    await follow(world, page, 'sessionStorage');
    await session.publish('Patient-open', opened(ada));
    const callback = session.subscriptions[0]?.callback ?? '';
    const forged = await fetch(callback, {
      method: 'POST',
      headers: { 'X-Hub-Signature': `sha256=${'0'.repeat(64)}` },
      body: JSON.stringify({
        id: 'x',
        event: { 'hub.topic': session.url, 'hub.event': 'open-patient-chart', context: opened(bram) },
      }),
    });
    expect(forged.status).toBe(401);
    await hears(page, 'ada-quill', 'signature-mismatch');
    expect(await page.evaluate(() => client.context.current?.patient?.id)).toBe('ada-quill');
  });
});

describe('a page of another origin than the relay', () => {
  it('follows when its origin is allowed', async () => {
    const world = await openWorld();
    const elsewhere = await openBlankPage();
    const { session } = world;
    const origin = new URL(elsewhere.url()).origin;
    const url = await openRelayFor(origin);
    await elsewhere.evaluate(
      async ([launch, url]) => {
        const client = await root.FhircastClient.fromSmartLaunch(launch, { callback: relay.relayChannel({ url }) });
        const heard: string[] = [];
        Object.assign(globalThis, { client, heard });
        client.on('patient-open-chart', (event) => void heard.push(`${event.patient.id}`));
        await client.ready();
      },
      [session.launch('draft'), url] as const,
    );
    await session.publish('Patient-open', opened(chidi));
    await hears(elsewhere, 'chidi-marlowe');
  });
});
