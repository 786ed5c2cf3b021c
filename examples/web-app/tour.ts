import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Expectation, Pane } from './panes.ts';

/** What became of one step of the tour. */
export interface TourStep {
  readonly number: number;
  /** One word or two, for file names. */
  readonly name: string;
  readonly title: string;
  /** Was everything seen in the pages that should be? */
  readonly seen: boolean;
  /** What was not seen. */
  readonly missing: readonly string[];
  readonly tookMs: number;
}

/** How a tour is made. */
export interface TourOptions {
  /** The address of the EHR's page. */
  url: string;
  browser: Browser | BrowserContext;
  /** How long something may take to be seen, in milliseconds. Default 8000. */
  patienceMs?: number;
  /** Where a picture of every step goes. Default nowhere. */
  screenshots?: string;
  /** Called after every step. */
  onStep?: (step: TourStep) => void;
}

interface Step {
  readonly name: string;
  readonly title: string;
  act(): Promise<unknown>;
  /** Complaints of the browser that belong to it. */
  readonly tolerates?: RegExp;
  readonly expected: readonly Expectation[];
}

const ADA = 'Ada Rosalind Quill';
const BRAM = 'Bram Oakhurst';
const CHIDI = 'Chidi Samuel Marlowe';
const DALIA = 'Dalia Fenwick';
const NOBODY = 'No chart open';
/** How long a page may take to load, in milliseconds. */
const LOAD_MS = 30_000;
/** What a browser says of a hub that takes no connection. */
const OUTAGE = /WebSocket connection to .* failed|status of (404|503)/;

/** Does in a browser what a user would do, and looks at what a user would see. Stops at the first step that fails. */
export async function takeTour(options: TourOptions): Promise<readonly TourStep[]> {
  const { url, browser, screenshots, onStep, patienceMs = 8_000 } = options;
  const page = await browser.newPage();
  await page.setViewportSize({ width: 1400, height: 900 });
  page.setDefaultTimeout(patienceMs);
  // A page is slow to load on a busy machine, which says nothing about what is seen in it.
  page.setDefaultNavigationTimeout(LOAD_MS);
  const troubles: string[] = [];
  page.on('pageerror', ({ message }) => void troubles.push(`a page failed: ${message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`a page complained: ${message.text()}`);
  });
  if (screenshots) await mkdir(screenshots, { recursive: true });
  const taken: TourStep[] = [];
  for (const [index, step] of steps(page, url).entries()) {
    const start = performance.now();
    const notSeen = await look(step);
    const missing = [...notSeen, ...troubles.splice(0).filter((trouble) => !step.tolerates?.test(trouble))];
    const { name, title } = step;
    const result = { number: index + 1, name, title, seen: missing.length === 0, missing };
    taken.push({ ...result, tookMs: performance.now() - start });
    if (screenshots)
      await page.screenshot({ path: join(screenshots, `${String(index + 1).padStart(2, '0')}-${name}.png`) });
    const last = taken.at(-1);
    if (last) onStep?.(last);
    if (!result.seen) break;
  }
  await page.close();
  return taken;
}

async function look({ act, expected }: Step): Promise<string[]> {
  try {
    await act();
  } catch (error) {
    return [`the action: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`];
  }
  const looks = await Promise.allSettled(expected.map((expectation) => expectation.seen()));
  return expected.flatMap(({ text }, index) => (looks[index]?.status === 'fulfilled' ? [] : [text]));
}

function steps(page: Page, url: string): readonly Step[] {
  const ehr = new Pane('EHR', page);
  const viewer = new Pane('Imaging viewer', page.frameLocator('#viewer'));
  const dictation = new Pane('Dictation', page.frameLocator('#dictation'));
  const all = [ehr, viewer, dictation];
  const everybodyShows = (name: string): Expectation[] => all.map((pane) => pane.shows(name));

  return [
    {
      name: 'launch',
      title: 'The EHR launches both apps, and they join the session',
      act: () => page.goto(url),
      expected: [
        ehr.isConnected('Following by websocket'),
        viewer.isConnected('Following by websocket'),
        dictation.isConnected('Following by webhook'),
        ...everybodyShows(NOBODY),
        ehr.says('follows by webhook'),
      ],
    },
    {
      name: 'from-ehr',
      title: 'A chart opened in the EHR opens in both apps',
      act: () => ehr.press(/^Ada/),
      expected: [
        ...everybodyShows(ADA),
        ehr.lists('Patient-open', 'own change'),
        viewer.lists('Patient-open', 'followed'),
        dictation.lists('open-patient-chart', 'followed'),
      ],
    },
    {
      name: 'from-viewer',
      title: 'A chart opened in the viewer opens in the EHR and the dictation',
      act: () => viewer.press(/^Bram/),
      expected: [
        ...everybodyShows(BRAM),
        viewer.lists('Patient-open', 'own change'),
        ehr.lists('Patient-open', 'followed'),
      ],
    },
    {
      name: 'from-dictation',
      title: 'A chart opened in the dictation opens in the EHR and the viewer',
      act: () => dictation.press(/^Chidi/),
      expected: [
        ...everybodyShows(CHIDI),
        dictation.lists('open-patient-chart', 'own change'),
        viewer.lists('Patient-open', 'followed'),
      ],
    },
    {
      name: 'refusal',
      title: 'Dictation in progress: it refuses to follow, and everybody is told',
      act: async () => {
        await dictation.turn('Dictation in progress');
        await dictation.says('Chart held: changes are refused.').seen();
        await ehr.press(/^Dalia/);
      },
      expected: [
        ehr.shows(DALIA),
        viewer.shows(DALIA),
        dictation.shows(CHIDI),
        ...all.map((pane) => pane.alerts('Dictation')),
        viewer.says('It may show another patient.'),
        dictation.says('The other applications may show another patient.'),
        ehr.says('Asking again every 10 seconds'),
        ehr.lists('SyncError', 'sync error'),
        dictation.lists('sync-error', 'sync error'),
      ],
    },
    {
      name: 'catch-up',
      title: 'Dictation done: it asks the hub for the current context, and catches up',
      act: () => dictation.turn('Dictation in progress'),
      expected: [dictation.shows(DALIA), dictation.isCalm(), dictation.lists('current context', 'caught up')],
    },
    {
      name: 'send-again',
      title: 'The EHR sends the chart again, and everybody is in step',
      act: () => ehr.press('Send again'),
      expected: [...everybodyShows(DALIA), ...all.map((pane) => pane.isCalm())],
    },
    {
      name: 'outage',
      title: 'The websockets are lost, and the dictation opens a chart meanwhile',
      act: async () => {
        await ehr.press('Cut websockets for 6 s');
        await viewer.isLost().seen();
        await dictation.press(/^Bram/);
      },
      tolerates: OUTAGE,
      expected: [
        dictation.shows(BRAM),
        ...[ehr, viewer].flatMap((pane) => [
          pane.isLost(),
          pane.shows(DALIA),
          pane.says('Not following: may be out of date'),
        ]),
      ],
    },
    {
      name: 'recovery',
      title: 'The connections come back, and with them what was missed',
      act: () => viewer.isConnected('Following by websocket').seen(),
      tolerates: OUTAGE,
      expected: [
        ...everybodyShows(BRAM),
        ehr.isConnected('Following by websocket'),
        ...all.map((pane) => pane.isCalm()),
      ],
    },
    {
      name: 'current-context',
      title: 'The viewer asks the hub for the current context',
      act: () => viewer.press('Ask the hub'),
      expected: [viewer.says(`The hub says: ${BRAM}`)],
    },
    {
      name: 'close',
      title: 'The chart is closed in the EHR, and in both apps',
      act: () => ehr.press('Close chart'),
      expected: [
        ...everybodyShows(NOBODY),
        viewer.lists('Patient-close', 'followed'),
        dictation.lists('close-patient-chart', 'followed'),
      ],
    },
    {
      name: 'leave',
      title: 'Both apps leave the session',
      act: async () => {
        await viewer.press('Leave the session');
        await dictation.press('Leave the session');
      },
      expected: [
        viewer.isConnected('Left the session'),
        dictation.isConnected('Left the session'),
        ehr.isWithout('Imaging viewer'),
        ehr.isWithout('Dictation'),
      ],
    },
    {
      name: 'alone',
      title: 'A chart opened afterwards stays in the EHR',
      act: () => ehr.press(/^Ada/),
      expected: [
        ehr.shows(ADA),
        ehr.lists('Patient-open', 'own change'),
        viewer.shows(NOBODY),
        dictation.shows(NOBODY),
      ],
    },
    {
      name: 'again',
      title: 'Launched again, both apps join and show the chart that is open',
      act: async () => {
        await ehr.press('Launch Imaging viewer again');
        await ehr.press('Launch Dictation again');
      },
      expected: [
        viewer.isConnected('Following by websocket'),
        dictation.isConnected('Following by webhook'),
        ...everybodyShows(ADA),
        viewer.lists('Patient-open', 'followed'),
        dictation.lists('Patient-open', 'caught up'),
      ],
    },
  ];
}
