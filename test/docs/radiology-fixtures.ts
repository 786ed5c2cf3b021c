import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FhircastClient, profiles } from 'fhircast-client';
import { startTestHub } from 'fhircast-client/testing';
import { expect, vi } from 'vitest';
import { PATIENT, REPORT, STUDY } from '../radiology/support.ts';
import { CLIENT, type Fixture, type Stage } from './stage.ts';

const CONTEXT = [
  { key: 'report', resource: REPORT },
  { key: 'patient', resource: PATIENT },
  { key: 'study', resource: STUDY },
];

const RESOURCES = `declare const report: import('fhircast-client').DiagnosticReport; declare const patient: import('fhircast-client').Patient;
declare const study: import('fhircast-client').ImagingStudy;`;

const joined = ({ hub, session }: Stage): FhircastClient =>
  new FhircastClient({ hubUrl: hub.url, topic: session.id, accessToken: session.accessToken });

const openings: Pick<Fixture, 'declarations' | 'prepare'> = {
  declarations: `${CLIENT} ${RESOURCES}`,
  prepare: (stage) => ({
    client: joined(stage),
    report: REPORT,
    patient: PATIENT,
    study: STUDY,
    console: { log: stage.spy('log') },
  }),
};

/** What the hub was asked to send. */
const asked = ({ hub }: Stage) => hub.log.filter(({ kind }) => kind === 'publish').map(({ event }) => event);

/** By the name that stands before a block. */
export const RADIOLOGY_FIXTURES: Readonly<Record<string, Fixture>> = {
  'radiology-readers': {
    declarations: CLIENT,
    prepare: (stage) => ({ client: joined(stage), console: { log: stage.spy('log') } }),
    check: async ({ session, calls }, { client }) => {
      await (client as FhircastClient).ready();
      await session.publish('DiagnosticReport-open', CONTEXT);
      expect(calls.log?.[0]).toEqual(['GH339884']);
      const final = { ...REPORT, status: 'final' };
      const resource = {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ request: { method: 'PUT' }, resource: final }],
      };
      await session.publish('DiagnosticReport-update', [
        { key: 'report', reference: { reference: 'DiagnosticReport/report-1' } },
        { key: 'updates', resource },
      ]);
      expect(calls.log?.at(-1)).toBe('signed');
    },
  },
  'radiology-open': { ...openings, check: (stage) => expect(asked(stage)).toEqual(['DiagnosticReport-open']) },
  'radiology-send': {
    ...openings,
    check: (stage) => {
      expect(stage.calls.log).toBeUndefined();
      expect(asked(stage)).toEqual(['DiagnosticReport-open', 'DiagnosticReport-close']);
    },
  },
  'radiology-session': {
    declarations: 'declare const hubUrl: string;',
    prepare: () => ({ hubUrl: 'https://hub.example.org' }),
    check: (_, { address, topic }) => {
      const { searchParams } = new URL(String(address));
      expect(Object.fromEntries(searchParams)).toEqual({
        theme: 'dark',
        'hub.url': 'https://hub.example.org',
        'hub.topic': topic,
      });
    },
  },
  'ira-actor': {
    declarations: `declare const launchedBy: string; declare function showStudy(accessions: readonly string[]): void;
declare function hideStudy(): void;`,
    prepare: async ({ spy, later }) => {
      const hub = await startTestHub({ personality: 'ira' });
      later(() => hub.close());
      const topic = 'e62b441155f3431a94e8ef4af537511c';
      const launchedBy = `https://viewer.example.org/?${new URLSearchParams({ 'hub.url': hub.url, 'hub.topic': topic })}`;
      return { ira: hub, topic, launchedBy, showStudy: spy('showStudy'), hideStudy: spy('hideStudy') };
    },
    check: async ({ calls }, { ira, topic }) => {
      const session = (ira as Awaited<ReturnType<typeof startTestHub>>).session(String(topic));
      expect(session?.subscriptions).toMatchObject([{ name: 'Viewer 7' }]);
      await session?.publish('DiagnosticReport-open', CONTEXT);
      await session?.publish('DiagnosticReport-close', CONTEXT);
      expect(calls.showStudy).toEqual([['GH339884']]);
      expect(calls.hideStudy).toHaveLength(1);
    },
  },
  'radiology-worklist': {
    declarations: `${RESOURCES} interface Exam { report: typeof report; patient: typeof patient; studies: readonly (typeof study)[] }
declare const launchedBy: string; declare const exams: readonly Exam[]; declare function draw(rows: readonly object[]): void;
declare function tell(reason: string | undefined): void;`,
    prepare: async ({ spy, later }) => {
      const hub = await startTestHub({ personality: 'ira' });
      later(() => hub.close());
      const topic = 'a3c7b241155f3431a94e8ef4af537511c';
      const launchedBy = `https://worklist.example.org/?${new URLSearchParams({ 'hub.url': hub.url, 'hub.topic': topic })}`;
      const exams = [{ report: REPORT, patient: PATIENT, studies: [STUDY] }];
      return { ira: hub, topic, launchedBy, exams, draw: spy('draw'), tell: spy('tell') };
    },
    check: async ({ calls }, { ira, topic, exams, open, close }) => {
      const act = (what: unknown) => (what as (exam: unknown) => Promise<void>)((exams as unknown[])[0]);
      const drawn = (row: object) => vi.waitFor(() => expect(calls.draw?.at(-1)).toMatchObject([row]));
      await drawn({ status: 'registered', isOpen: false });
      await act(open);
      await drawn({ isOpen: true, isCurrent: true });
      const session = (ira as Awaited<ReturnType<typeof startTestHub>>).session(String(topic));
      await vi.waitFor(() => expect(session?.content()).toBeDefined());
      await session?.update({ put: [{ ...REPORT, status: 'final', id: 'report-1' }] });
      await drawn({ status: 'final', isOpen: true });
      await act(close);
      await drawn({ status: 'final', isOpen: false });
      expect(calls.tell).toBeUndefined();
    },
  },
  'ira-statement': {
    declarations: '',
    prepare: ({ spy }) => ({ console: { log: spy('log') } }),
    check: ({ calls }) => expect(calls.log?.[0]).toContain('RAD-150 Update Report Content'),
  },
  connector: {
    declarations: `declare const connectorUrl: string; declare const username: string; declare const trustedHub: string;
declare const clientId: string; declare const clientSecret: string; declare const audience: string;
declare function showReport(report: import('fhircast-client').DeepReadonly<import('fhir/r4').DiagnosticReport>): void;`,
    prepare: async ({ spy, later }) => {
      const hub = await startTestHub({ personality: 'powercast' });
      later(() => hub.close());
      const powerCast = hub.openSession();
      const server = createServer((request, response) => {
        const token_endpoint = `http://${request.headers.host}/token`;
        const isToken = request.url === '/token';
        const answer = isToken
          ? { access_token: powerCast.accessToken, expires_in: 3600 }
          : { hub_endpoint: hub.url, topic: powerCast.id, token_endpoint };
        response.end(JSON.stringify(answer));
      }).listen(0, '127.0.0.1');
      later(() => server.close());
      later(() => server.closeAllConnections());
      await once(server, 'listening');
      const connectorUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const app = { clientId: 'viewer', clientSecret: 'documented', audience: 'https://hub.example.org' };
      return { ...app, powerCast, connectorUrl, username: 'ada', trustedHub: hub.url, showReport: spy('showReport') };
    },
    check: async ({ calls }, { client, powerCast }) => {
      expect((client as FhircastClient).hub.profiles).toEqual([profiles.powerCast.name]);
      await (powerCast as Stage['session']).publish('DiagnosticReport-open', CONTEXT);
      expect(calls.showReport).toMatchObject([{ id: 'report-1' }]);
    },
  },
};
