import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type * as Root from '../../src/index.ts';
import type * as Launch from '../../src/launch/index.ts';
import { startTestHub, TEST_PATIENTS } from '../../src/testing/index.ts';
import { openBlankPage } from './support.ts';

const [ADA = { resourceType: 'Patient' as const }] = TEST_PATIENTS;

/** A page that was opened by a link with a session in it. A sandbox hub asks for no token. */
const openLink = async (): Promise<{ page: Page; hubUrl: string; opens(): Promise<unknown> }> => {
  const hub = await startTestHub({ personality: 'js-sandbox-2024' });
  onTestFinished(() => hub.close());
  const session = hub.openSession();
  const page = await openBlankPage();
  const address = new URL(page.url());
  address.search = new URLSearchParams({ iss: 'x', 'hub.url': hub.url, 'hub.topic': session.id, tab: '2' }).toString();
  await page.goto(`${address.href}#part`);
  await page.waitForFunction(() => document.title === 'loaded');
  return { page, hubUrl: hub.url, opens: () => session.publish('Patient-open', [{ key: 'patient', resource: ADA }]) };
};

/** Follows the session of the page's address; resolves when the hub has confirmed. */
const follow = (
  page: Page,
  options: Launch.UrlLaunchOptions & { readonly accessToken?: string } = {},
): Promise<string> =>
  page.evaluate(async (given) => {
    const { clientFromUrl } = (globalThis as unknown as { root: typeof Launch }).root;
    try {
      const client = clientFromUrl(undefined, given);
      client.on('Patient-open', ({ patient }) => {
        document.title = `opened ${patient.id}`;
      });
      await client.ready();
      return client.state;
    } catch (error) {
      return (error as Root.FhircastError).code;
    }
  }, options);

const addressOf = (page: Page): string => page.url().replace(/^[^/]+\/\/[^/]+/, '');

it('follows the session of its address, which it takes out of there', async () => {
  const { page, opens } = await openLink();
  expect(await follow(page)).toBe('active');
  expect(addressOf(page)).toBe('/?iss=x&tab=2#part');
  void opens();
  await page.waitForFunction((id) => document.title === `opened ${id}`, ADA.id);
  // The first page, the one without a link, and this one: nothing was added to go back to.
  expect(await page.evaluate(() => history.length)).toBe(3);
});

it('leaves the address alone where the app says so', async () => {
  const { page } = await openLink();
  expect(await follow(page, { keepUrl: true })).toBe('active');
  expect(addressOf(page)).toContain('hub.topic=');
});

it('does not send a token to a hub that is not one of ours, and forgets the link', async () => {
  const { page, hubUrl } = await openLink();
  const requests: string[] = [];
  page.on('request', (request) => void requests.push(request.url()));
  expect(await follow(page, { accessToken: 't', hubs: ['https://ours.example.org'] })).toBe('launch-hub-untrusted');
  expect(requests.filter((url) => url.startsWith(hubUrl))).toEqual([]);
  expect(addressOf(page)).toBe('/?iss=x&tab=2#part');
});
