import type { Locator, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { startMeasurements } from '../../examples/measurements/demo.ts';
import { startDemo } from '../../examples/web-app/demo.ts';
import { openBrowser } from './support.ts';

const ADA = 'Ada Rosalind Quill';
const BRAM = 'Bram Oakhurst';

/** The example with its three windows, all of which are connected. */
async function openWindows() {
  const example = await startMeasurements();
  onTestFinished(() => example.close());
  const context = await (await openBrowser()).newContext({ viewport: { width: 800, height: 600 } });
  const troubles: string[] = [];
  context.on('weberror', (error) => void troubles.push(error.error().message));
  const open = async (app: string): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${example.url}launch/${app}`);
    await standing(page, 'Connected');
    return page;
  };
  const [worklist, viewer, report] = [await open('worklist'), await open('viewer'), await open('report')];
  return { example, context, troubles, worklist, viewer, report };
}

const standing = (page: Page, text: string) => page.locator('#connection', { hasText: text }).waitFor();
/** Presses a button. In a window behind others everything is slow. */
const press = async (page: Page, name: string): Promise<void> => {
  await page.bringToFront();
  await page.getByRole('button', { name, exact: true }).click();
};
const shows = (page: Page, patient: string) => page.locator('#patient h2', { hasText: patient }).waitFor();
const lines = (page: Page) => page.locator('#lengths li');
const label = (page: Page) => lines(page).first().getByRole('textbox');
/** Waits until so many lines are there. */
const hasLines = (page: Page, count: number): Promise<void> =>
  count === 0
    ? page.locator('#no-lengths').waitFor()
    : page.locator(`#lengths li:nth-child(${count}):last-child`).waitFor();
/** Waits until the first label says so. */
const isLabelled = (page: Page, text: string) => expect.poll(() => label(page).inputValue()).toBe(text);
const isHighlighted = (page: Page, index: number) =>
  lines(page).nth(index).and(page.locator('[data-selected="true"]')).waitFor();

async function openReport(worklist: Page, patient: string, others: readonly Page[]): Promise<void> {
  await press(worklist, `Open the report of ${patient}`);
  await Promise.all([worklist, ...others].map((page) => shows(page, patient)));
}

/** Moves the pointer over the image, from one of its pixels to another. */
async function drag(viewer: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  await viewer.bringToFront();
  const box = await (viewer.locator('#image') as Locator).boundingBox();
  if (!box) throw new Error('There is no image.');
  const at = ([x, y]: readonly [number, number]) =>
    [box.x + (x * box.width) / 480, box.y + (y * box.height) / 360] as const;
  await viewer.mouse.move(...at(from));
  await viewer.mouse.down();
  await viewer.mouse.move(...at(to), { steps: 4 });
  await viewer.mouse.up();
}

/** Writes the first label, without saving it. */
const write = (page: Page, text: string) => label(page).fill(text);

it('shares lengths between the viewer and the report, and the status with the worklist', async () => {
  const { troubles, worklist, viewer, report } = await openWindows();
  await viewer.getByText('Open a report in the worklist to begin.').waitFor();
  await openReport(worklist, ADA, [viewer, report]);

  // What is drawn appears in the report.
  await drag(viewer, [120, 120], [220, 120]);
  await Promise.all([hasLines(viewer, 1), hasLines(report, 1)]);
  expect(await lines(report).first().textContent()).toContain('50 mm');

  // An end that is dragged changes the value everywhere.
  await drag(viewer, [220, 120], [260, 120]);
  await report.getByRole('button', { name: '70 mm', exact: true }).waitFor();

  // What is written in the report is read on the image; the value stays.
  await write(report, 'lesion, left');
  await label(report).press('Enter');
  await viewer.getByRole('img', { name: '70 mm · lesion, left' }).waitFor();
  await isLabelled(viewer, 'lesion, left');

  // A click selects for everybody, on either side.
  await drag(viewer, [150, 250], [150, 310]);
  await Promise.all([hasLines(viewer, 2), hasLines(report, 2)]);
  await drag(viewer, [190, 120], [190, 120]);
  await Promise.all([isHighlighted(viewer, 0), isHighlighted(report, 0)]);
  await press(report, '30 mm');
  await Promise.all([isHighlighted(viewer, 1), isHighlighted(report, 1)]);

  // A window that is loaded again has the same.
  await viewer.reload();
  await Promise.all([standing(viewer, 'Connected'), shows(viewer, ADA), hasLines(viewer, 2)]);
  await viewer.getByRole('img', { name: '70 mm · lesion, left' }).waitFor();

  // Both sides remove.
  await press(report, 'Remove 30 mm');
  await Promise.all([hasLines(viewer, 1), hasLines(report, 1)]);
  await press(viewer, 'Remove 70 mm');
  await Promise.all([hasLines(viewer, 0), hasLines(report, 0)]);

  // The report window changes the status, and the worklist shows it.
  const row = worklist.locator('[data-report="report-ada-quill"]');
  await row.getByText('Not reported yet').waitFor();
  await drag(viewer, [120, 120], [220, 120]);
  await row.getByText('open · 1 length').waitFor();
  await press(report, 'Mark as preliminary');
  await row.getByText('Preliminary').waitFor();
  await press(report, 'Sign as final');
  await row.getByText('Final').waitFor();
  // What is final is changed by nobody, and every window says so.
  const remove = viewer.getByRole('button', { name: 'Remove 50 mm' });
  await viewer.getByText('The report is final.').waitFor();
  expect(await remove.isDisabled()).toBe(true);
  expect(await remove.getAttribute('title')).toContain('The report is final.');

  await press(worklist, `Close the report of ${ADA}`);
  await Promise.all([viewer, report].map((page) => Promise.all([shows(page, 'No report open'), hasLines(page, 0)])));
  await row.getByText('closed').waitFor();
  await row.getByText('Final').waitFor();
  expect(troubles).toEqual([]);
}, 30_000);

/** Holds the updates that a window sends, until they are let go. */
async function hold(page: Page): Promise<{ readonly held: Promise<void>; letGo(): void }> {
  const gates = { isHeld: () => {}, open: () => {} };
  const held = new Promise<void>((resolve) => {
    gates.isHeld = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    gates.open = resolve;
  });
  await page.route(/./, async (route) => {
    if (route.request().postData()?.includes('DiagnosticReport-update')) {
      gates.isHeld();
      await opened;
    }
    await route.continue();
  });
  return {
    held,
    letGo: () => gates.open(),
  };
}

it('asks whose label stays, and merges what does not contradict', async () => {
  const { troubles, worklist, viewer, report } = await openWindows();
  await openReport(worklist, BRAM, [viewer, report]);
  await drag(viewer, [120, 120], [220, 120]);
  await Promise.all([hasLines(viewer, 1), hasLines(report, 1)]);

  // One writes while the other saves.
  await write(report, 'mine');
  await write(viewer, 'theirs');
  await label(viewer).press('Enter');
  await viewer.getByRole('img', { name: '50 mm · theirs' }).waitFor();
  await label(report).press('Enter');
  await report.getByText('Somebody else has written “theirs” here meanwhile.').waitFor();
  await press(report, 'Keep mine');
  await viewer.getByRole('img', { name: '50 mm · mine' }).waitFor();

  // Both save at the same time.
  const ofReport = await hold(report);
  await write(report, 'from the report');
  await label(report).press('Enter');
  await ofReport.held;
  await write(viewer, 'from the viewer');
  await label(viewer).press('Enter');
  await viewer.getByRole('img', { name: '50 mm · from the viewer' }).waitFor();
  ofReport.letGo();
  await report.getByText('Somebody else has written “from the viewer” here meanwhile.').waitFor();
  await press(report, 'Keep theirs');
  await isLabelled(report, 'from the viewer');

  // One moves what the other labels: both hold.
  const ofViewer = await hold(viewer);
  await drag(viewer, [220, 120], [260, 120]);
  await ofViewer.held;
  await write(report, 'lesion');
  await label(report).press('Enter');
  await isLabelled(viewer, 'lesion');
  ofViewer.letGo();
  await report.getByRole('button', { name: '70 mm', exact: true }).waitFor();
  await viewer.getByRole('img', { name: '70 mm · lesion' }).waitFor();
  await isLabelled(report, 'lesion');

  // One draws while the other signs.
  const again = await hold(viewer);
  await drag(viewer, [150, 250], [150, 310]);
  await again.held;
  await press(report, 'Sign as final');
  await viewer.getByText('The report is final.').waitFor();
  again.letGo();
  await viewer.getByText('The report has become final meanwhile. Nothing was changed.').waitFor();
  expect(await lines(report).count()).toBe(1);
  await press(report, 'Mark as preliminary');
  await viewer.getByText('The report is final.').waitFor({ state: 'hidden' });

  // What is being written is not lost without a word.
  await write(report, 'unsaved');
  await press(viewer, 'Remove 70 mm');
  await report.getByText('A length on which you were writing has been removed.').waitFor();
  expect(troubles).toEqual([]);
}, 30_000);

it('believes nothing while the connection is lost, and catches up', async () => {
  const { troubles, worklist, viewer, report } = await openWindows();
  const cuts: (() => Promise<unknown>)[] = [];
  let isCut = false;
  await report.routeWebSocket(/./, (socket) => {
    if (isCut) return void socket.close({ code: 4000 });
    const server = socket.connectToServer();
    cuts.push(() => Promise.all([socket.close({ code: 4000 }), server.close({ code: 4000 })]));
  });
  await report.reload();
  await standing(report, 'Connected');
  await openReport(worklist, ADA, [viewer, report]);

  await drag(viewer, [150, 250], [150, 310]);
  await hasLines(report, 1);
  await press(report, '30 mm');
  await Promise.all([isHighlighted(viewer, 0), isHighlighted(report, 0)]);

  isCut = true;
  await Promise.all(cuts.splice(0).map((cut) => cut()));
  await standing(report, 'Connection lost since');
  await report.locator('#patient .warning', { hasText: 'this may be out of date' }).waitFor();
  const sign = report.getByRole('button', { name: 'Sign as final' });
  expect([await sign.isDisabled(), await sign.getAttribute('title')]).toEqual([
    true,
    'The connection is lost: this may be out of date.',
  ]);
  await drag(viewer, [120, 120], [220, 120]);
  await hasLines(viewer, 2);
  expect(await lines(report).count()).toBe(1);

  isCut = false;
  await Promise.all([standing(report, 'Connected'), hasLines(report, 2)]);
  // Nothing is selected again without a word of the user.
  await press(report, 'Select again what was selected');
  await report.locator('#select-again').waitFor({ state: 'hidden' });
  await Promise.all([isHighlighted(viewer, 0), isHighlighted(report, 0)]);

  // Where somebody may show another report, the others are told, and can work on.
  await openReport(worklist, BRAM, [viewer, report]);
  isCut = true;
  await Promise.all(cuts.splice(0).map((cut) => cut()));
  await standing(viewer, 'Report window out of step');
  await drag(viewer, [120, 120], [220, 120]);
  await hasLines(viewer, 1);
  isCut = false;
  await standing(report, 'Connected');
  await press(worklist, `Open again the report of ${BRAM}`);
  await Promise.all([worklist, viewer, report].map((page) => standing(page, 'Connected')));
  await Promise.all([hasLines(viewer, 1), hasLines(report, 1)]);
  expect(troubles).toEqual([]);
}, 30_000);

it('is opened by the demonstration’s page', async () => {
  const demo = await startDemo();
  onTestFinished(() => demo.close());
  const page = await (await openBrowser()).newPage();
  await page.goto(demo.url);
  const [opened] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('link', { name: 'Shared measurements' }).click(),
  ]);
  const [viewer] = await Promise.all([
    opened.waitForEvent('popup'),
    opened.getByRole('link', { name: 'Viewer' }).click(),
  ]);
  await standing(viewer, 'Connected');
});
