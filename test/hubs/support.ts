import { expect, onTestFinished, vi } from 'vitest';
import { FhircastClient, type HubProfile } from '../../src/index.ts';
import type { HubPersonality, PublishResult, TestHubOptions } from '../../src/testing/index.ts';
import { traitsOf } from '../../src/testing/personalities/index.ts';
import { App } from '../integration/app.ts';
import { ADA, type AppOptions, openWorld, patientContext, settled, type World } from '../integration/world.ts';

/** The JavaScript sandbox hubs of 2018 (S18) and of 2024 (S24). */
export const SANDBOXES = ['js-sandbox-2018', 'js-sandbox-2024'] as const;
/** Medplum's two endpoints (MP). */
export const MEDPLUM = ['medplum-stu2', 'medplum-stu3'] as const;

/** A hub of the field, and the apps of one test that are told nothing of it but what the test says. */
export interface Field extends World {
  /** How the EHR of this hub spells what it opens and closes. */
  readonly names: { readonly open: string; readonly close: string };
  /** Launches an app by the words of this hub, which listens to nothing yet. */
  launchApp(options?: AppOptions, name?: string): Promise<App>;
  /** Launches an app that follows the patient, and waits until nothing of its subscription is under way. */
  followApp(options?: AppOptions, name?: string): Promise<App>;
  /** The EHR opens a chart. */
  opens(patient?: typeof ADA, facts?: { id?: string; timestamp?: string }): Promise<PublishResult>;
}

/** What a page may send to another origin without asking. */
const SIMPLE_HEADERS = ['accept', 'accept-language', 'content-language'];
const SIMPLE_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
/** What a page may read of another origin's answer without leave. */
const READABLE_HEADERS = ['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'pragma'];
const PAGE_ORIGIN = 'https://app.example';

const listIn = (headers: Headers, name: string): string[] =>
  (headers.get(name) ?? '')
    .toLowerCase()
    .split(',')
    .map((item) => item.trim());

const letsIn = ({ headers }: Response): boolean =>
  ['*', PAGE_ORIGIN].includes(headers.get('access-control-allow-origin') ?? '');

const isSimple = (name: string, value: string): boolean =>
  SIMPLE_HEADERS.includes(name) || (name === 'content-type' && SIMPLE_TYPES.includes(value.split(';', 1)[0] ?? ''));

/**
 * `fetch` as a page of another origin has it: the hub is really asked by a preflight, and what its CORS headers do not allow is
 * not sent or not shown. A browser does the same in `test/browser/cors.test.ts`; this is for the rest of the run.
 *
 * @throws TypeError as browsers do, without a word about the reason
 */
export async function pageFetch(url: string, init: RequestInit): Promise<Response> {
  const { method = 'GET' } = init;
  const asked = [...new Headers(init.headers)].flatMap(([name, value]) => (isSimple(name, value) ? [] : [name]));
  if (asked.length > 0) {
    const headers = {
      Origin: PAGE_ORIGIN,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': asked.join(','),
    };
    const preflight = await fetch(url, { method: 'OPTIONS', headers });
    await preflight.arrayBuffer();
    const allowed = listIn(preflight.headers, 'access-control-allow-headers');
    const isAllowed = preflight.ok && letsIn(preflight) && asked.every((name) => allowed.includes(name));
    if (!isAllowed) throw new TypeError('Failed to fetch');
  }
  const answer = await fetch(url, init);
  if (!letsIn(answer)) throw new TypeError('Failed to fetch');
  const readable = [...READABLE_HEADERS, ...listIn(answer.headers, 'access-control-expose-headers')];
  const headers = [...answer.headers].filter(([name]) => readable.includes(name));
  return new Response(answer.body, { status: answer.status, headers });
}

/** What is remembered of one hub is not of another that gets its port: each has a URL of its own. */
let numbers = 0;

const tellsVersion = (given: HubProfile | readonly HubProfile[] | undefined): boolean =>
  [given ?? []].flat().some(({ dialect }) => dialect !== undefined);

/** Starts a hub that ends with the test, and must not have crashed by then: nothing that is sent to it may harm it. */
export async function openField(personality: HubPersonality, hub: TestHubOptions = {}): Promise<Field> {
  const { launchForm } = traitsOf(personality);
  const world = await openWorld(
    {
      title: personality,
      form: launchForm,
      dialect: 'stu3',
      channel: 'websocket',
      personality,
      options: {},
      spelling: { 'Patient-open': [], 'Patient-close': [], 'ImagingStudy-open': [], SyncError: [] },
      sendsSyncErrors: false,
      replays: false,
      context: 'none',
      versions: false,
    },
    { hub },
  );
  onTestFinished(() => expect(world.hub.crashed).toBeUndefined());
  const isOld = launchForm !== 'stu';
  const field: Field = {
    ...world,
    names: isOld
      ? { open: 'open-patient-chart', close: 'close-patient-chart' }
      : { open: 'Patient-open', close: 'Patient-close' },
    async launchApp({ scope, listener, ...options } = {}, name = 'Viewer') {
      const response = world.launch(name, scope);
      const launched = isOld ? response : { ...response, 'hub.url': `${world.hub.url}?hub=${numbers++}` };
      const client = await FhircastClient.fromSmartLaunch(launched, {
        callback: world.callback,
        reconnect: { firstMs: 10, longestMs: 50 },
        ...options,
      });
      const app = world.take(new App(name, client, world.evidence));
      if (listener) client.on('Patient-open', listener);
      return app;
    },
    async followApp({ listener = () => undefined, ...options } = {}, name) {
      const since = world.hub.log.length;
      const app = await field.launchApp({ listener, ...options }, name);
      await app.client.ready();
      const mayDiscover = !isOld && world.hub.wellKnown && !options.dialect && !tellsVersion(options.profile);
      if (mayDiscover) await vi.waitFor(() => expect(app.client.hub.discovery).toBeDefined());
      await app.client.ready();
      await settled(app);
      await world.hub.waitFor(({ kind }) => kind === 'active', { since });
      return app;
    },
    opens: (patient = ADA, facts = {}) => world.session.publish(field.names.open, patientContext(patient), facts),
  };
  return field;
}
