import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { FhircastClient } from 'fhircast-client';
import { startTestEhr, TEST_PATIENTS, type TestHub } from 'fhircast-client/testing';
import smart from 'fhirclient';
import { expect, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { CONTENT_FIXTURES } from './content-fixtures.ts';
import { FRAMEWORK_FIXTURES } from './framework-fixtures.ts';
import { OBSERVE_FIXTURES } from './observe-fixtures.ts';
import { RADIOLOGY_FIXTURES } from './radiology-fixtures.ts';
import { REACT_FIXTURES } from './react-fixtures.ts';
import { SERVER_FIXTURES } from './server-fixtures.ts';
import {
  ada,
  bram,
  CLIENT,
  chart,
  expectToFollow,
  type Fixture,
  launchPage,
  SHOW_CHART,
  type Stage,
  WEBHOOK,
} from './stage.ts';

const STUDY = [{ key: 'study', resource: { resourceType: 'ImagingStudy', id: 'study-1' } }];

const SHOW = 'declare function showBanner(text: string): void; declare function showConnection(state: string): void;';

/** A connection is taken up again after up to half a second, and then after up to one. */
const AFTER_A_GAP = { timeout: 4_000 };

const joined = async ({ session, later }: Stage): Promise<FhircastClient> => {
  const { accessToken } = session;
  const options = { accessToken, subscriberName: 'Documented app' };
  const client = await FhircastClient.fromSmartLaunch(session.launch(), options);
  later(() => client.unsubscribe());
  return client;
};

const SESSION = 'declare const hubUrl: string; declare const topic: string; declare const accessToken: string;';
const EXPRESS_SESSION = `type WithSession = import('express').Request & { sessionID: string; session: { destroy(done: () => void): void } };
type Handler = (request: WithSession, response: import('express').Response) => unknown;
declare const app: { get(path: string, handler: Handler): void; post(path: string, handler: Handler): void };`;

/** By the name that stands before a block. */
export const FIXTURES: Readonly<Record<string, Fixture>> = {
  page: {
    declarations: SHOW_CHART,
    prepare: (stage) => {
      launchPage(stage);
      return { showChart: stage.spy('showChart') };
    },
    check: expectToFollow,
  },
  scopes: {
    declarations: '',
    prepare: () => ({}),
    check: (_, { scope }) =>
      expect(scope).toBe('launch patient/*.rs fhircast/Patient-open.read fhircast/Patient-close.read'),
  },
  'start-follow': {
    declarations: SESSION,
    prepare: ({ hub, session, spy }) => ({
      hubUrl: hub.url,
      topic: session.id,
      accessToken: session.accessToken,
      console: { log: spy('log') },
    }),
    check: async ({ session, calls }, { client }) => {
      await session.publish('Patient-open', chart(0));
      expect(calls.log?.at(-1)).toBe('Now open:');
      await (client as FhircastClient).unsubscribe();
    },
  },
  trouble: {
    declarations: CLIENT,
    prepare: async (stage) => ({
      client: await joined(stage),
      console: { log: stage.spy('log'), debug() {}, info() {}, warn() {}, error() {} },
    }),
    check: ({ calls }, { client }) => expect(calls.log?.[0]).toBe((client as FhircastClient).state),
  },
  'scopes-alone': {
    declarations: '',
    prepare: () => ({}),
    check: (_, { scope }) =>
      expect(scope).toBe('launch patient/*.rs fhircast/Patient-open.read fhircast/Patient-close.read'),
  },
  'other-launch': {
    declarations: `${SHOW_CHART} declare const hubUrl: string; declare const topic: string; declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session, spy }) => ({
      hubUrl: hub.url,
      topic: session.id,
      tokenOfTheMoment: () => session.accessToken,
      showChart: spy('showChart'),
    }),
    check: expectToFollow,
  },
  ...OBSERVE_FIXTURES,
  ...RADIOLOGY_FIXTURES,
  ...CONTENT_FIXTURES,
  ...REACT_FIXTURES,
  ...FRAMEWORK_FIXTURES,
  ...SERVER_FIXTURES,
  testing: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: ({ calls }) => {
      expect(calls.log).toEqual([200]);
      expect(calls.showChart?.[0]).toMatchObject({ resourceType: 'Patient', id: ada?.id });
    },
  },
  msw: {
    declarations: SHOW_CHART,
    prepare: ({ spy, later }) => {
      vi.stubGlobal('WebSocket', globalThis.WebSocket ?? NodeWebSocket);
      later(() => vi.unstubAllGlobals());
      return { showChart: spy('showChart') };
    },
    check: ({ calls }, { answer }) => {
      expect(answer).toMatchObject({ status: 200 });
      expect(calls.showChart).toMatchObject([{ id: 'ada' }]);
    },
  },
  fake: {
    declarations: `${SHOW_CHART} declare const dictating: boolean; declare function hideChart(): void;`,
    prepare: ({ spy }) => {
      const [log, showChart] = [spy('log'), spy('showChart')];
      return {
        showChart,
        hideChart: spy('hideChart'),
        dictating: false,
        console: { log: (...values: unknown[]) => log(values) },
      };
    },
    check: ({ calls }) => {
      expect(calls.log).toEqual([[200, 'ada'], ['disconnected'], [null]]);
      expect(calls.showChart).toMatchObject([{ id: 'ada' }]);
    },
  },
  'two-apps': {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: ({ calls }, { viewer, outcome }) => {
      expect(outcome).toMatchObject({ kind: 'sync-error', subscriber: 'Viewer' });
      expect((viewer as FhircastClient).context.current).not.toBeNull();
      expect(calls.log).toEqual(['Viewer', 'refused']);
      expect(calls.showChart).toMatchObject([{ id: ada?.id }]);
    },
  },
  'webhook-test': {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: ({ calls }) => {
      expect(calls.log).toEqual(['webhook']);
      expect(calls.showChart).toMatchObject([{ id: ada?.id }]);
    },
  },
  faults: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart') }),
    check: async ({ calls, later }, { hub, client }) => {
      later(() => (hub as TestHub).close());
      later(() => (client as FhircastClient).unsubscribe());
      expect(calls.showChart).toMatchObject([{ id: ada?.id }, { id: TEST_PATIENTS[1]?.id }]);
    },
  },
  errors: {
    declarations: `${CLIENT} ${SHOW}`,
    prepare: async (stage) => {
      const client = await joined(stage);
      // Not the next request alone: the client asks by itself before the block does.
      stage.session.revokeToken(stage.session.accessToken);
      client.on('Patient-open', () => {});
      return { client, showBanner: stage.spy('showBanner'), console: { error: stage.spy('log') } };
    },
    check: ({ calls }) => {
      expect(calls.log).toEqual(['session-over']);
      expect(calls.showBanner).toEqual(['Following the chart is not possible.']);
    },
  },
  listeners: {
    declarations: `${CLIENT} ${SHOW} declare let dictating: boolean; declare function loadChart(patient: import('fhircast-client').DeepReadonly<import('fhir/r4').Patient>): Promise<void>;`,
    prepare: async (stage) => ({
      client: await joined(stage),
      dictating: true,
      loadChart: stage.spy('loadChart'),
      showBanner: stage.spy('showBanner'),
      showConnection: stage.spy('showConnection'),
    }),
    check: async ({ session, calls }, { client }) => {
      const told = new Promise((resolve) => (client as FhircastClient).once('SyncError', resolve));
      await (client as FhircastClient).ready();
      const { answers } = await session.publish('Patient-open', chart(0));
      expect(answers.map(({ status }) => status)).toEqual([409]);
      await told;
      expect(calls.loadChart).toBeUndefined();
      expect(calls.showBanner).toEqual(['Documented app shows another patient']);
      expect(calls.showConnection).toEqual(['subscribing', 'active']);
    },
  },
  'hub-choice': {
    declarations: CLIENT,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', () => {});
      await expect.poll(() => client.hub.discovery).toBeDefined();
      return { client, console: { log: stage.spy('log') } };
    },
    check: ({ calls }) => expect(calls.log).toEqual(['stu3 (by discovery), websocket (by discovery)']),
  },
  'shared-content': {
    declarations:
      "declare function showChanges(updates: import('fhircast-client').DeepReadonly<import('fhir/r4').Bundle> | undefined): void;",
    prepare: ({ spy }) => ({
      showChanges: spy('showChanges'),
      console: { log: (...values: unknown[]) => spy('log')(values) },
    }),
    check: ({ calls }) => {
      const length = { resourceType: 'Observation', id: 'length-1', valueString: '12 mm' };
      expect(calls.log).toMatchObject([[[length], ['Observation/length-1']], [409]]);
      expect(calls.showChanges).toMatchObject([{ type: 'transaction' }, { entry: [{ request: { method: 'PUT' } }] }]);
    },
  },
  personality: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: async ({ calls, later }, { client, hub }) => {
      later(() => (hub as TestHub).close());
      later(() => (client as FhircastClient).unsubscribe());
      await expect.poll(() => calls.showChart).toMatchObject([{ id: ada?.id }]);
      expect(calls.log).toEqual(['still there']);
    },
  },
  traits: {
    declarations: SHOW_CHART,
    prepare: ({ spy }) => ({ showChart: spy('showChart'), console: { log: spy('log') } }),
    check: async ({ calls, later }, { client, hub }) => {
      later(() => (hub as TestHub).close());
      later(() => (client as FhircastClient).unsubscribe());
      await expect.poll(() => calls.showChart).toMatchObject([{ id: ada?.id }]);
      expect(calls.log).toEqual(['seconds']);
    },
  },
  profiles: {
    declarations: `${SHOW_CHART} declare const tokenResponse: import('fhircast-client').TokenResponse;`,
    prepare: ({ session, spy }) => ({
      tokenResponse: session.launch(),
      showChart: spy('showChart'),
      console: { log: spy('log') },
    }),
    check: async (stage, result) => {
      await expectToFollow(stage, result);
      expect(stage.calls.log).toEqual(['endpointOnHubHost, ours']);
      expect((result.client as FhircastClient).hub).toMatchObject({ dialect: 'stu2', dialectBy: 'profile' });
    },
  },
  sync: {
    declarations: `${CLIENT} ${SHOW} declare function hideBanner(): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {}).on('SyncError', () => {});
      return { client, showBanner: stage.spy('showBanner'), hideBanner: stage.spy('hideBanner') };
    },
    check: async ({ session, calls }, { client }) => {
      const follower = client as FhircastClient;
      await follower.on('Patient-open', (event) => event.refuse('not now')).ready();
      await expect.poll(() => calls.hideBanner?.length, AFTER_A_GAP).toBe(1);
      await session.publish('Patient-open', chart(0));
      await expect.poll(() => calls.showBanner?.at(-1), AFTER_A_GAP).toBe('Documented app shows another patient');
      session.dropConnections();
      await expect.poll(() => calls.showBanner?.join(), AFTER_A_GAP).toMatch(/,May be out of date since /);
    },
  },
  change: {
    declarations: `${CLIENT} ${SHOW} declare const patient: import('fhir/r4').Patient;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', (event) => event.refuse('not now'));
      await client.ready();
      return { client, patient: ada, showBanner: stage.spy('showBanner') };
    },
    check: ({ calls }) => expect(calls.showBanner).toEqual(['Documented app did not follow']),
  },
  outcome: {
    declarations: `${CLIENT} ${SHOW} declare const patient: import('fhir/r4').Patient;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', (event) => event.refuse('not now'));
      client.on('resend', stage.spy('resend'));
      await client.ready();
      return { client, patient: ada, showBanner: stage.spy('showBanner') };
    },
    check: ({ calls }, { outcome }) => {
      expect(calls.showBanner).toEqual(['Documented app did not follow']);
      expect(outcome).toMatchObject({ kind: 'sync-error', resending: { attempts: 0 } });
    },
  },
  'sync-errors': {
    declarations: `${CLIENT} ${SHOW}`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', (event) => event.refuse('not now'));
      return { client, showBanner: stage.spy('showBanner') };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('Patient-open', chart(0));
      await expect.poll(() => calls.showBanner).toEqual([expect.stringMatching(/^Documented app: \S/)]);
    },
  },
  logout: {
    declarations: `${CLIENT} declare let dictating: boolean; declare function logOut(why: string): void;`,
    prepare: async (stage) => ({ client: await joined(stage), dictating: false, logOut: stage.spy('logOut') }),
    check: ({ calls }) => expect.poll(() => calls.logOut).toEqual(['user-initiated']),
  },
  contexts: {
    declarations: CLIENT,
    prepare: async (stage) => ({
      client: await joined(stage),
      console: { log: (...values: unknown[]) => stage.spy('log')(values) },
    }),
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      const encounter = { resourceType: 'Encounter', id: 'visit', subject: { reference: `Patient/${ada?.id}` } };
      await session.publish('Encounter-open', [{ key: 'encounter', resource: encounter }, ...chart(0)]);
      expect(calls.log).toEqual([['Encounter', 1, ['Patient']]]);
    },
  },
  shown: {
    declarations: `${CLIENT} declare function draw(patient: unknown): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', (event) => {
        if (event.patient.id === bram?.id) event.refuse('not now');
      });
      return { client, draw: stage.spy('draw') };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      for (const index of [0, 1]) await session.publish('Patient-open', chart(index));
      expect(calls.draw?.at(-1)).toMatchObject({ id: ada?.id });
    },
  },
  store: {
    declarations: `${CLIENT} declare function draw(patient: unknown, state: string): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', () => {});
      return {
        client,
        draw: (patient: { id?: string } | undefined, state: string) => stage.spy('draw')([patient?.id, state]),
      };
    },
    check: async ({ session, calls }, { client, end }) => {
      await (client as FhircastClient).ready({ caughtUp: true });
      await session.publish('Patient-open', chart(0));
      expect(calls.draw?.at(-1)).toEqual([ada?.id, 'in-sync']);
      (end as () => void)();
    },
  },
  'context-change': {
    declarations: CLIENT,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('Patient-open', () => {});
      return { client, console: { log: (...values: unknown[]) => stage.spy('log')(values) } };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('Patient-open', chart(0));
      expect(calls.log).toEqual([[1, 0, ada?.id]]);
    },
  },
  'own-names': {
    declarations: CLIENT,
    prepare: async (stage) => ({
      client: await joined(stage),
      console: { log: (...values: unknown[]) => stage.spy('log')(values) },
    }),
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await expect.poll(() => calls.log).toEqual([['event-unknown', 'worklist-changed']]);
      await session.publish('worklist-changed', []);
      await expect.poll(() => calls.log?.at(-1)).toEqual([0]);
    },
  },
  types: {
    declarations: '',
    prepare: () => ({}),
    check: (_, { nameOf }) => expect((nameOf as (patient: unknown) => unknown)(ada)).toBe(ada?.name?.[0]?.family),
  },
  'read-only': {
    declarations: CLIENT,
    prepare: async (stage) => ({
      client: await joined(stage),
      console: { log: (...values: unknown[]) => stage.spy('log')(values) },
    }),
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('Patient-open', chart(0));
      expect(calls.log).toEqual([[ada?.name?.[0]?.family, ada?.active, false]]);
    },
  },
  'one-context': {
    declarations: `${SHOW_CHART} declare function clearChart(): void;`,
    prepare: (stage) => {
      launchPage(stage);
      return { showChart: stage.spy('shown'), clearChart: () => stage.spy('shown')(null) };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('Patient-open', chart(0));
      await session.publish('Patient-open', chart(1));
      await session.publish('Patient-close', chart(1));
      await session.publish('Patient-open', chart(0));
      await session.publish('Home-open');
      const idOf = (patient: unknown) => (patient as { id: string } | null)?.id;
      expect(calls.shown?.map(idOf)).toEqual([ada?.id, bram?.id, undefined, ada?.id, undefined]);
    },
  },
  tabs: {
    declarations: 'declare function showTabs(tabs: readonly { title: string; isCurrent: boolean }[]): void;',
    prepare: (stage) => {
      launchPage(stage);
      return { showTabs: stage.spy('tabs') };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      const expectTabs = (...tabs: readonly string[]) =>
        expect
          .poll(() => calls.tabs?.at(-1), AFTER_A_GAP)
          .toEqual(tabs.map((tab) => ({ title: tab.replace('*', ''), isCurrent: tab.endsWith('*') })));
      await session.publish('Patient-open', chart(0));
      await session.publish('Patient-open', chart(1));
      await session.publish('ImagingStudy-open', STUDY);
      await expectTabs('Patient ada-quill', 'Patient bram-oakhurst', 'ImagingStudy study-1*');
      await session.publish('Home-open');
      await expectTabs('Patient ada-quill', 'Patient bram-oakhurst', 'ImagingStudy study-1');
      await session.publish('Patient-open', chart(0));
      await expectTabs('Patient bram-oakhurst', 'ImagingStudy study-1', 'Patient ada-quill*');
      // The earlier of two patients, and the only study, are closed while nobody is told. The first cannot be found out.
      session.dropConnections();
      void session.publish('Patient-close', chart(1));
      void session.publish('ImagingStudy-close', STUDY);
      await expectTabs('Patient bram-oakhurst', 'Patient ada-quill*');
    },
  },
  gap: {
    declarations: `${CLIENT} declare function closeImages(study: import('fhircast-client').DeepReadonly<import('fhir/r4').ImagingStudy> | undefined, why: string): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {}).on('ImagingStudy-open', () => {});
      return { client, closeImages: (...values: unknown[]) => stage.spy('closed')(values) };
    },
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('ImagingStudy-open', STUDY);
      await session.publish('ImagingStudy-close', STUDY);
      await session.publish('ImagingStudy-open', STUDY);
      session.dropConnections();
      void session.publish('ImagingStudy-close', STUDY);
      const study = expect.objectContaining({ id: 'study-1' });
      await expect
        .poll(() => calls.closed, AFTER_A_GAP)
        .toEqual([
          [study, 'closed'],
          [study, 'closed while the connection was lost'],
        ]);
    },
  },
  banner: {
    declarations: `${CLIENT} ${SHOW} declare function hideBanner(): void;`,
    prepare: async (stage) => {
      const client = await joined(stage);
      client.on('error', () => {});
      return { client, showBanner: stage.spy('banner'), hideBanner: () => stage.spy('banner')('') };
    },
    check: async ({ hub, session, calls, later }, { client }) => {
      const follower = client as FhircastClient;
      await follower.on('Patient-open', () => {}).ready();
      await expect.poll(() => calls.banner?.at(-1), AFTER_A_GAP).toBe('');
      const options = {
        hubUrl: hub.url,
        topic: session.id,
        accessToken: session.accessToken,
        subscriberName: 'Other app',
      };
      const other = new FhircastClient(options);
      later(() => other.unsubscribe());
      await other.on('Patient-open', (event) => event.refuse('not now')).ready();
      await session.publish('Patient-open', chart(0));
      await expect.poll(() => calls.banner?.at(-1), AFTER_A_GAP).toBe('Other app out of step');
      await other.unsubscribe();
      follower.once('Patient-open', (event) => event.refuse('not now'));
      await session.publish('Patient-open', chart(1));
      await expect.poll(() => calls.banner, AFTER_A_GAP).toContain('You are out of step');
      session.dropConnections();
      await expect
        .poll(() => calls.banner?.join(), AFTER_A_GAP)
        .toMatch(/Connection lost since \S.*,Catching up: may be out of date/);
    },
  },
  'token-response': {
    declarations: `${SHOW_CHART} ${WEBHOOK}`,
    prepare: ({ session, spy }) => ({ tokenResponse: session.launch(), showChart: spy('showChart') }),
    check: expectToFollow,
  },
  'query-string': {
    declarations: `${SHOW_CHART} declare const trustedHub: string; declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session, spy, later }) => {
      const query = new URLSearchParams({ 'hub.url': hub.url, 'hub.topic': session.id });
      vi.stubGlobal('location', { href: `https://app.example.org/?${query}` });
      vi.stubGlobal('history', { replaceState: (...[, , url]: unknown[]) => spy('address')(url) });
      later(() => vi.unstubAllGlobals());
      return { trustedHub: hub.url, tokenOfTheMoment: () => session.accessToken, showChart: spy('showChart') };
    },
    check: async (stage, result) => {
      await expectToFollow(stage, result);
      expect(stage.calls.address).toEqual(['https://app.example.org/']);
    },
  },
  'known-topic': {
    declarations: `${SHOW_CHART} ${SESSION} declare const workstation: string; declare function topicOf(workstation: string): Promise<string>;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => {
      const topicOf = async (workstation: string) => (workstation === 'room 7' ? id : '');
      return { hubUrl: hub.url, accessToken, workstation: 'room 7', topicOf, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'token-from-elsewhere': {
    declarations: `${SHOW_CHART} ${SESSION} declare function storedToken(): Promise<string>; declare function renewedToken(): Promise<string>;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => ({
      hubUrl: hub.url,
      topic: id,
      storedToken: async () => 'a-token-that-is-over',
      renewedToken: async () => accessToken,
      showChart: spy('showChart'),
    }),
    check: expectToFollow,
  },
  switches: {
    declarations: `${SHOW_CHART} declare function tokenOfTheMoment(): string;`,
    prepare: ({ hub, session: { id, accessToken }, spy }) => {
      const argv = ['node', 'app.js', '/user:jsmith', '-v', 'file', `/hub.url:${hub.url}`, `--hub.topic=${id}`];
      return { process: { argv }, tokenOfTheMoment: () => accessToken, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'fhir-server': {
    declarations: `${SHOW_CHART} declare const fhirUrl: string; declare const topic: string; declare const accessToken: string;`,
    prepare: async ({ hub, session: { id, accessToken }, spy, later }) => {
      const { fhirUrl, close } = await startTestEhr({ hub });
      later(close);
      return { fhirUrl, topic: id, accessToken, showChart: spy('showChart') };
    },
    check: expectToFollow,
  },
  'smart-server': {
    declarations: `${SHOW_CHART} ${EXPRESS_SESSION} declare const fhirUrl: string; declare const clientId: string;
declare const smart: typeof import('fhirclient');`,
    prepare: async ({ hub, spy, later }) => {
      const ehr = await startTestEhr({ hub });
      later(() => ehr.close());
      const app = express();
      const session = { destroy: (done: () => void) => done() };
      app.use((request, _, next) => next(void Object.assign(request, { session, sessionID: 'of-the-user' })));
      return { app, smart, ehr, fhirUrl: ehr.fhirUrl, clientId: 'documented', showChart: spy('showChart') };
    },
    check: async ({ session, calls, later }, { app, ehr }) => {
      const server = createServer(app as never).listen(0, '127.0.0.1');
      later(() => server.closeAllConnections());
      later(() => server.close());
      await once(server, 'listening');
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect((await fetch(`${origin}/launch?iss=https://elsewhere.example.org`)).status).toBe(403);
      const { launchUrl } = ehr as Awaited<ReturnType<typeof startTestEhr>>;
      expect(await (await fetch(launchUrl(`${origin}/launch`, { session }))).json()).toBeNull();
      await session.publish('Patient-open', chart(0));
      expect(await (await fetch(origin)).json()).toEqual(ada);
      expect(calls.showChart).toMatchObject([{ id: ada?.id }]);
      expect((await fetch(`${origin}/logout`, { method: 'POST' })).url).toBe(`${origin}/goodbye`);
      expect(session.subscriptions).toEqual([]);
    },
  },
};
