import { expect, it, onTestFinished } from 'vitest';
import { startDemo } from '../../examples/web-app/demo.ts';
import { Pane } from '../../examples/web-app/panes.ts';
import { openBrowser } from './support.ts';

it('the app in React follows, holds its chart while something is not saved, and opens charts', async () => {
  const demo = await startDemo();
  onTestFinished(() => demo.close());
  const context = await (await openBrowser()).newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(demo.url);
  const ehr = new Pane('EHR', page);
  await new Pane('Imaging viewer', page.frameLocator('#viewer')).isConnected('Following by websocket').seen();
  const [growth] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'Growth chart' }).click(),
  ]);
  growth.setDefaultTimeout(20_000);
  const troubles: string[] = [];
  growth.on('pageerror', ({ message }) => void troubles.push(message));
  const shows = (name: string) => growth.locator('.patient h2', { hasText: name }).waitFor();
  await shows('No chart open');

  await ehr.press(/^Ada/);
  await shows('Ada Rosalind Quill');
  await growth.getByLabel('Height in cm').fill('112');
  await ehr.press(/^Bram/);
  await ehr.alerts('Growth chart').seen();
  await growth.getByRole('alert').filter({ hasText: 'This application has not followed.' }).waitFor();
  await shows('Ada Rosalind Quill');

  expect(await growth.getByRole('button', { name: /^Dalia/ }).isDisabled()).toBe(true);
  await growth.getByRole('button', { name: 'Save' }).click();
  await growth.getByText('Saved: 112 cm').waitFor();
  await growth.getByRole('button', { name: /^Dalia/ }).click();
  await shows('Dalia Fenwick');
  await ehr.shows('Dalia Fenwick').seen();
  await ehr.isCalm().seen();
  expect(await growth.locator('.trouble').count()).toBe(0);
  expect(troubles).toEqual([]);
});
