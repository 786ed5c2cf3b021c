import { FhircastClient } from 'fhircast-client';
import { type SharedContent, shareContent } from 'fhircast-client/content';
import { expect, vi } from 'vitest';
import { CLIENT, type Fixture, type Stage } from './stage.ts';

const REPORT = [
  { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1', status: 'unknown' } },
  { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } },
];

const measurement = (id: string, text = id) => ({
  resourceType: 'Observation' as const,
  id,
  status: 'preliminary' as const,
  code: { text: 'length' },
  valueString: text,
});

const updates = (resource: { id: string }) => [
  { key: 'report', reference: { reference: 'DiagnosticReport/r1' } },
  {
    key: 'updates',
    resource: {
      resourceType: 'Bundle',
      id: `b-${resource.id}`,
      type: 'transaction',
      entry: [{ request: { method: 'PUT', url: `Observation/${resource.id}` }, resource }],
    },
  },
];

const CONTENT = "declare const content: import('fhircast-client/content').SharedContent;";

/** A client that follows, and nothing is shared yet. */
async function join({ session, later }: Stage): Promise<FhircastClient> {
  const client = await FhircastClient.fromSmartLaunch(session.launch(), { subscriberName: 'Documented app' });
  later(() => client.unsubscribe());
  return client;
}

/** A report that is open, and what is in it. */
async function share(stage: Stage): Promise<SharedContent> {
  const client = await join(stage);
  const content = shareContent(client);
  await client.ready({ caughtUp: true });
  await stage.session.publish('DiagnosticReport-open', REPORT);
  await vi.waitFor(() => expect(content.current?.status).toBe('known'));
  return content;
}

/** How the blocks of docs/content.md run. */
export const CONTENT_FIXTURES: Readonly<Record<string, Fixture>> = {
  'content-see': {
    declarations: `${CLIENT} declare function draw(measurements: readonly object[]): void;`,
    prepare: async (stage) => ({
      client: await join(stage),
      draw: stage.spy('draw'),
      console: { log: stage.spy('log') },
    }),
    check: async ({ session, calls }) => {
      await session.publish('DiagnosticReport-open', REPORT);
      await session.publish('DiagnosticReport-update', updates(measurement('o1')));
      await vi.waitFor(() => expect(calls.draw?.at(-1)).toMatchObject([{ id: 'o1' }]));
      expect(calls.log).toEqual([1]);
    },
  },
  'content-change': {
    declarations: CONTENT,
    prepare: async (stage) => ({ content: await share(stage) }),
    check: ({ session }, { put }) => {
      expect(put).toEqual([expect.stringMatching(/^Observation\/[\da-f-]{36}$/)]);
      expect(session.content()?.resources).toEqual([]);
    },
  },
  'content-conflict': {
    declarations: `${CONTENT} declare const measurement: import('fhir/r4').Observation; declare function ask(text: string): void;`,
    prepare: async (stage) => {
      const content = await share(stage);
      await content.update({ put: measurement('o1') });
      // Somebody else is first: while this app is still deciding, so to speak.
      const { update } = content;
      const overtaken: typeof update = async (...args) => {
        const updating = update.apply(content, args);
        await stage.session.publish('DiagnosticReport-update', updates(measurement('o1', 'theirs')));
        return updating;
      };
      return { content: { update: overtaken }, measurement: measurement('o1', 'ours'), ask: stage.spy('ask') };
    },
    check: ({ calls }) => {
      // Whoever comes first is first.
      expect(calls.ask ?? ['Somebody has changed 1 of these. Keep yours?']).toEqual([
        'Somebody has changed 1 of these. Keep yours?',
      ]);
    },
  },
  'content-open': {
    declarations: `${CLIENT} ${CONTENT} declare const measurement: import('fhir/r4').Observation;
      declare const report: import('fhir/r4').DiagnosticReport; declare const patient: import('fhir/r4').Patient;`,
    prepare: async (stage) => {
      const client = await join(stage);
      const content = shareContent(client);
      await client.ready({ caughtUp: true });
      const [report, patient] = REPORT.map(({ resource }) => resource);
      return { client, content, report, patient, measurement: measurement('o1') };
    },
    check: ({ session }) => expect(session.content()).toMatchObject({ resources: [{ id: 'o1' }] }),
  },
  'content-form': {
    declarations: `${CONTENT} declare function filled(shown: object | undefined): Promise<string>;`,
    prepare: async (stage) => {
      const content = await share(stage);
      await content.update({ put: measurement('o1') });
      return { content, filled: async () => 'of the form' };
    },
    check: ({ session }) => expect(session.content()).toMatchObject({ resources: [{ valueString: 'of the form' }] }),
  },
  'content-select': {
    declarations: CONTENT,
    prepare: async (stage) => {
      const content = await share(stage);
      await content.update({ put: measurement('o1') });
      return { content, console: { log: stage.spy('log') } };
    },
    check: ({ session, calls }, { ignored }) => {
      expect(ignored).toEqual(['Observation/o2']);
      expect(calls.log).toEqual(['Nobody knows']);
      expect(session.content()?.selected).toEqual([]);
    },
  },
  'content-readme': {
    declarations: `${CLIENT} declare function draw(measurements: readonly object[]): void; declare const measurement: import('fhir/r4').Observation;`,
    prepare: async (stage) => {
      const client = await join(stage);
      shareContent(client);
      await client.ready({ caughtUp: true });
      await stage.session.publish('DiagnosticReport-open', REPORT);
      return { client, draw: stage.spy('draw'), measurement: measurement('o1') };
    },
    check: ({ session, calls }) => {
      expect(session.content()).toMatchObject({ resources: [{ id: 'o1' }], selected: ['Observation/o1'] });
      expect(calls.draw?.at(-1)).toMatchObject([{ id: 'o1' }]);
    },
  },
};
