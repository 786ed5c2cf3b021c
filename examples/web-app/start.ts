import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, findOrInstallChromium } from '../../scripts/chromium.ts';
import { DEMO_PORTS, startDemo } from './demo.ts';
import { takeTour } from './tour.ts';
import { Transcript } from './transcript.ts';

const USAGE = `Usage: npm start -- [--once] [--port <n>]

  --once      make the tour in a headless browser, print what was seen, and end
  --port <n>  the port of the EHR’s page; the others take the ports after it, ${DEMO_PORTS} in all (default: free ones)
`;

const SCREENSHOTS = resolve(import.meta.dirname, '../../artifacts/tour');

const fail = (what: string, error: unknown): never => {
  process.stderr.write(`${what}: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
};

function readOptions(): { once: boolean; port: number } {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean' } },
    });
    const { once = false, help = false } = values;
    const port = Number(values.port ?? 0);
    if (!help && Number.isInteger(port) && port >= 0 && port <= 65_536 - DEMO_PORTS) return { once, port };
    process.stderr.write(USAGE);
    process.exit(help ? 0 : 2);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { once, port } = readOptions();
const executablePath = once ? await findOrInstallChromium().catch((error) => fail('No browser', error)) : '';
const transcript = new Transcript();
const demo = await startDemo({ port, onMessage: (message) => transcript.message(message) }).catch((error) =>
  fail('The demo did not start', error),
);

if (once) {
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS] });
  const steps = await takeTour({
    url: demo.url,
    browser,
    screenshots: SCREENSHOTS,
    onStep: (step) => transcript.step(step),
  });
  await browser.close();
  await demo.close();
  const isComplete = steps.every(({ seen }) => seen);
  transcript.say(isComplete ? `\nAll ${steps.length} steps were seen in the pages.` : '\nA step was not seen.');
  transcript.say('Screenshots: artifacts/tour/');
  process.exitCode = isComplete ? 0 : 1;
} else {
  transcript.say(`\nOpen ${demo.url}\n`, 'bold');
  transcript.say('Every message of the protocol appears here. Ctrl+C ends.\n');
  process.once('SIGINT', () => void demo.close());
  process.once('SIGTERM', () => void demo.close());
}
