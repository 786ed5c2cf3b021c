import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type * as Root from '../../src/index.ts';
import { type HubPersonality, startTestHub } from '../../src/testing/index.ts';
import { openBlankPage } from './support.ts';

/** What a page sees that follows a session of another origin. */
interface Seen {
  readonly state: string;
  readonly code: string | undefined;
  readonly text: string | undefined;
}

interface Followed {
  readonly hubUrl: string;
  readonly topic: string;
  readonly accessToken: string;
  readonly profile?: keyof typeof Root.profiles;
}

const follow = (page: Page, followed: Followed): Promise<Seen> =>
  page.evaluate(async ({ profile, ...options }) => {
    const { FhircastClient, profiles } = (globalThis as unknown as { root: typeof Root }).root;
    const client = new FhircastClient({
      ...options,
      channel: 'websocket',
      reconnect: { firstMs: 60_000 },
      ...(profile ? { profile: profiles[profile] } : {}),
    });
    client.on('Patient-open', () => undefined);
    const failure: unknown = await client.ready().catch((error: unknown) => error);
    const { state } = client;
    void client.unsubscribe().catch(() => {});
    const { code, message } = (failure ?? {}) as Partial<Root.FhircastError>;
    return { state, code, text: message };
  }, followed);

const openSession = async (personality: HubPersonality, options: { draft?: boolean } = {}) => {
  const hub = await startTestHub({ personality });
  onTestFinished(() => hub.close());
  const { id, url, accessToken } = hub.openSession();
  return { hub, followed: { hubUrl: hub.url, topic: options.draft ? url : id, accessToken } };
};

// S18: CORS headers do not allow Authorization; N19 has none at all.
it.each([
  ['js-sandbox-2018', 'jsSandbox2018'],
  ['net-sandbox-2019', 'netSandbox2019'],
] as const)(
  'a page cannot reach a hub whose CORS headers keep it out, and is told the cure: %s',
  async (which, profile) => {
    const { hub, followed } = await openSession(which, { draft: true });
    const seen = await follow(await openBlankPage(), { ...followed, profile });
    expect(seen).toMatchObject({ code: 'hub-unreachable', text: expect.stringMatching(/CORS.*proxy/) });
    expect(seen.text).not.toContain(new URL(hub.url).host);
    expect(hub.crashed).toBeUndefined();
  },
);

it('a page follows a hub whose CORS headers let it in: js-sandbox-2024', async () => {
  const { followed } = await openSession('js-sandbox-2024');
  expect(await follow(await openBlankPage(), followed)).toEqual({ state: 'active', code: undefined, text: undefined });
});

it('a page does not see a Content-Location that is not exposed, and is told the cure', async () => {
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
    const status = { POST: 202, OPTIONS: 204 }[request.method ?? ''] ?? 404;
    response.writeHead(status, { 'Content-Location': `ws://${request.headers.host}/s` });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hub`;
  const seen = await follow(await openBlankPage(), { hubUrl, topic: 'a', accessToken: 'b' });
  expect(seen).toMatchObject({ code: 'channel-no-endpoint', text: expect.stringMatching(/Content-Location.*proxy/) });
});
