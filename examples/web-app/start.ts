import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, findOrInstallChromium } from '../../scripts/chromium.ts';
import { startDemo } from './demo.ts';
import { takeTour } from './tour.ts';
import { Transcript } from './transcript.ts';

const USAGE = `Usage: npm start -- [--once] [--port <n>]

  --once      make the tour in a headless browser, print what was seen, and end
  --port <n>  the port of the EHR’s page; the four others take the ports after it (default: free ones)
`;

const SCREENSHOTS = resolve(import.meta.dirname, '../../artifacts/tour');

const { values } = parseArgs({
  options: { once: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean' } },
});
const port = Number(values.port ?? 0);
if (values.help || !Number.isInteger(port) || port < 0 || port > 65_531) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const transcript = new Transcript();
const demo = await startDemo({ port, onMessage: (message) => transcript.message(message) }).catch((error) => {
  process.stderr.write(`The demo did not start: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});

if (values.once) {
  const executablePath = await findOrInstallChromium();
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
