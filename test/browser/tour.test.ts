import { formatMessage } from 'fhircast-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type Demo, startDemo } from '../../examples/web-app/demo.ts';
import { Pane } from '../../examples/web-app/panes.ts';
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
    ['outage'],
    ['recovery'],
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

it('warns in the banner while a pane does not follow', async () => {
  const demo = await openDemo();
  const context = await (await openBrowser()).newContext();
  const cuts: (() => Promise<unknown>)[] = [];
  let isCut = false;
  await context.routeWebSocket(/./, (socket) => {
    if (isCut) return void socket.close({ code: 4000 });
    const server = socket.connectToServer();
    cuts.push(() => Promise.all([socket.close({ code: 4000 }), server.close({ code: 4000 })]));
  });
  const page = await context.newPage();
  await page.setViewportSize({ width: 1100, height: 760 });
  page.setDefaultTimeout(20_000);
  await page.goto(demo.url);
  const ehr = new Pane('EHR', page);
  const viewer = new Pane('Imaging viewer', page.frameLocator('#viewer'));
  const doubt = 'Not following: may be out of date';

  await viewer.isConnected('Following by websocket').seen();
  await ehr.press(/^Ada/);
  await viewer.shows('Ada Rosalind Quill').seen();
  expect(await viewer.root.getByText(doubt).count()).toBe(0);

  isCut = true;
  await Promise.all(cuts.map((cut) => cut()));
  await viewer.says(doubt).seen();
  const [name, warning] = await Promise.all(
    ['#patient h2', '#patient .warning'].map((selector) => viewer.root.locator(selector).boundingBox()),
  );
  // The warning covers nothing of the name, in a narrow pane either.
  expect(warning?.y).toBeGreaterThanOrEqual((name?.y ?? Number.POSITIVE_INFINITY) + (name?.height ?? 0));
  await ehr.alerts('Imaging viewer').seen();
  await ehr.press(/^Bram/);
  await ehr.shows('Bram Oakhurst').seen();
  await viewer.shows('Ada Rosalind Quill').seen();

  isCut = false;
  await viewer.isConnected('Following by websocket').seen();
  await viewer.shows('Bram Oakhurst').seen();
  expect(await viewer.root.getByText(doubt).count()).toBe(0);

  await demo.close();
  await ehr.isConnected('No contact with the server').seen();
  await ehr.says(doubt).seen();
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
