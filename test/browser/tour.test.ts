import { formatMessage } from 'fhircast-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type Demo, startDemo } from '../../examples/web-app/demo.ts';
import { takeTour } from '../../examples/web-app/tour.ts';
import { openBrowser } from './support.ts';

async function openDemo(options: Parameters<typeof startDemo>[0] = {}): Promise<Demo> {
  const demo = await startDemo(options);
  onTestFinished(() => demo.close());
  return demo;
}

it('shows every step of the tour in the pages', async () => {
  const seen: string[] = [];
  const printed: string[] = [];
  const { url } = await openDemo({
    onMessage(message) {
      seen.push(`${message.kind} by ${message.channel}`);
      printed.push(formatMessage(message));
    },
  });
  const steps = await takeTour({ url, browser: await openBrowser() });
  expect(steps.map(({ name, missing }) => [name, ...missing])).toEqual([
    ['launch'],
    ['from-ehr'],
    ['from-viewer'],
    ['from-dictation'],
    ['refusal'],
    ['catch-up'],
    ['send-again'],
    ['current-context'],
    ['close'],
    ['leave'],
    ['alone'],
    ['again'],
  ]);
  expect(seen).toEqual(expect.arrayContaining(['notify by webhook', 'notify by websocket', 'verify by webhook']));
  expect(printed.join('\n')).not.toMatch(/Quill|MRN-|[0-9a-f]{24}|https?:/);
});

it('says what was not seen, and ends there', async () => {
  const { url } = await openDemo();
  const browser = await openBrowser();
  const context = await browser.newContext();
  // The dictation's server is out of reach.
  await context.route('**/sessions', (route) => route.abort());
  const steps = await takeTour({ url, browser: context, patienceMs: 1500 });
  expect(steps).toMatchObject([
    { name: 'launch', seen: false, missing: expect.arrayContaining([expect.stringMatching(/^Dictation: the conn/)]) },
  ]);
});

it('shows the pages to nobody but the EHR, and tells no other site', async () => {
  const { url } = await openDemo();
  const policy = (await fetch(url)).headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  const command = { method: 'POST', body: JSON.stringify({ open: 'ada-quill' }) };
  expect((await fetch(`${url}commands`, { ...command, headers: { 'Content-Type': 'text/plain' } })).status).toBe(400);
  expect((await fetch(`${url}launch/constructor`)).status).toBe(404);
});
