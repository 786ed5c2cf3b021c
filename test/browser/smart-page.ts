import { resolve } from 'node:path';
import { startTestEhr, startTestHub, type TestHub, type TestSession } from 'fhircast-client/testing';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { loadBlankPage, openBlankPage } from './support.ts';

/** What the page holds; the functions given to `evaluate()` run there. */
declare const FHIR: { oauth2: { authorize(options: Readonly<Record<string, string>>): Promise<void> } };

const packages = resolve(import.meta.dirname, '../../node_modules');

/** A page after a SMART launch. */
export interface Launched {
  hub: TestHub;
  session: TestSession;
  page: Page;
  /** The bodies of what was sent to the token endpoint. */
  exchanges: string[];
}

/** A page that an EHR has sent back with a code, and that has fhirclient. */
export async function launchSmartPage(): Promise<Launched> {
  const page = await openBlankPage();
  const { origin } = new URL(page.url());
  const hub = await startTestHub();
  const redirectUri = `${origin}/app`;
  const ehr = await startTestEhr({ hub, clients: [{ clientId: 'viewer', redirectUris: [redirectUri] }] });
  onTestFinished(async () => {
    await ehr.close();
    await hub.close();
  });
  const exchanges: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().startsWith(`${new URL(ehr.fhirUrl).origin}/auth/token`))
      exchanges.push(request.postData() ?? '');
  });
  const session = hub.openSession();
  const fhirclient = { path: resolve(packages, 'fhirclient/build/fhir-client.min.js') };
  await loadBlankPage(page, ehr.launchUrl(`${origin}/launch`, { session, patient: 'ada-quill' }));
  await page.addScriptTag(fhirclient);
  const scope = 'launch patient/*.read fhircast/*.*';
  await page.evaluate((options) => void FHIR.oauth2.authorize(options), { clientId: 'viewer', scope, redirectUri });
  await page.waitForURL(/\/app\?.*code=/);
  await page.waitForFunction(() => document.title === 'loaded');
  await page.addScriptTag(fhirclient);
  return { hub, session, page, exchanges };
}
