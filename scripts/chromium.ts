import { installPackages, isExecutable } from './system-programs.ts';

/** Where Debian and other systems keep a Chromium. */
const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** What a headless browser is started with: no sandbox for root, and nothing that calls out by itself. */
export const CHROMIUM_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const findChromium = (): string | undefined => {
  const named = process.env['CHROMIUM_PATH'];
  if (!named) return CANDIDATES.find(isExecutable);
  if (isExecutable(named)) return named;
  throw new Error(`CHROMIUM_PATH is ${named}, which cannot be executed.`);
};

/**
 * Finds a Chromium, and installs Debian's where there is none. The environment variable `CHROMIUM_PATH` decides where it
 * is set.
 *
 * @returns the path of its executable
 * @throws Error that says what to do when there is none and none can be installed, or when `CHROMIUM_PATH` is wrong
 */
export async function findOrInstallChromium(): Promise<string> {
  const found = findChromium();
  if (found) return found;
  process.stderr.write('No Chromium found: installing Debian’s, which takes about a minute …\n');
  installPackages('chromium', 'fonts-dejavu-core');
  const installed = findChromium();
  if (installed) return installed;
  throw new Error(
    'No Chromium was found and none could be installed. Install one and set CHROMIUM_PATH to its executable.',
  );
}
