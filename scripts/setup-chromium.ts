import { findOrInstallChromium } from './chromium.ts';

/** Set-up of the tests in a browser: installs one where there is none, so that no test has to wait for it. */
export default async function setup(): Promise<void> {
  await findOrInstallChromium();
}
