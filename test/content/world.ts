import type { Observation } from 'fhir/r4';
import { onTestFinished } from 'vitest';
import { type ShareContentOptions, type SharedContent, shareContent } from '../../src/content/index.ts';
import { FhircastClient, type FhircastError, type SmartLaunchOptions } from '../../src/index.ts';
import {
  type ContextEntry,
  startTestHub,
  type TestHub,
  type TestHubOptions,
  type TestSession,
} from '../../src/testing/index.ts';

/** What a report is opened with. */
export const report = (id = 'r1'): ContextEntry[] => [
  {
    key: 'report',
    resource: { resourceType: 'DiagnosticReport', id, status: 'unknown', subject: { reference: 'Patient/p1' } },
  },
  { key: 'patient', resource: { resourceType: 'Patient', id: 'p1', identifier: [{ system: 'urn:mrn', value: '7' }] } },
  { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1', identifier: [{ value: 'acc-1' }] } },
];

/** A measurement; `text` tells two of its states apart. */
export const length = (id: string, text = id): Observation => ({
  resourceType: 'Observation',
  id,
  status: 'preliminary',
  code: { text: 'length' },
  valueString: text,
});

/** The entries of an update. */
export const put = (resource: object & { resourceType?: string; id?: string | undefined }) => ({
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  resource,
});
export const remove = (name: string) => ({ fullUrl: name, request: { method: 'DELETE', url: name } });

/** The context of an update. */
export const updates = (entry: readonly unknown[], id = 'r1', bundle: object = {}): ContextEntry[] => [
  { key: 'report', reference: { reference: `DiagnosticReport/${id}` } },
  {
    key: 'updates',
    resource: { resourceType: 'Bundle', id: crypto.randomUUID(), type: 'transaction', entry, ...bundle },
  },
];

/** The entries of a select. */
export const selects = (references: readonly string[], id = 'r1'): ContextEntry[] => [
  { key: 'report', reference: { reference: `DiagnosticReport/${id}` } },
  ...references.map((reference) => ({ key: 'select', reference: { reference } })),
];

/** Sends an event past all of the hub's logic. What is told of versions goes into the event as it is. */
export const sendRaw = (
  session: TestSession,
  name: string,
  context: readonly unknown[],
  versions: { id?: string; timestamp?: string; [name: string]: unknown } = {},
): Promise<unknown> => {
  const { id = crypto.randomUUID(), timestamp = new Date().toISOString(), ...rest } = versions;
  const event = { 'hub.topic': session.id, 'hub.event': name, ...rest, context };
  return session.sendRaw(JSON.stringify({ timestamp, id, event }));
};

/** The version of an update and the one before it. */
export const chain = (prior: string | undefined, version: string) => ({
  'context.versionId': version,
  'context.priorVersionId': prior,
});

/** An app that shares content. */
export interface Sharer {
  readonly client: FhircastClient;
  readonly content: SharedContent;
  readonly warnings: FhircastError[];
  readonly errors: FhircastError[];
  /** Resolves when something holds, which is looked at after every change. */
  until<T>(look: () => T): Promise<NonNullable<T>>;
}

/** A hub that shares content, and the apps of one test. */
export interface ContentWorld {
  readonly hub: TestHub;
  readonly session: TestSession;
  /** Ends it before the test ends. */
  end(): Promise<void>;
  share(name?: string, options?: ShareContentOptions, client?: SmartLaunchOptions): Promise<Sharer>;
}

/** Starts a hub that ends with the test. */
export async function openContentWorld(options: TestHubOptions = {}): Promise<ContentWorld> {
  const hub = await startTestHub(options);
  const session = hub.openSession();
  const clients: FhircastClient[] = [];
  const end = async () => {
    await Promise.all(clients.map((client) => client.unsubscribe().catch(() => {})));
    await hub.close();
  };
  onTestFinished(end);
  return {
    end,
    hub,
    session,
    async share(name = 'Viewer', shareOptions = {}, clientOptions = {}) {
      const client = await FhircastClient.fromSmartLaunch(session.launch('stu'), {
        subscriberName: name,
        reconnect: { firstMs: 1, longestMs: 50 },
        ...clientOptions,
      });
      clients.push(client);
      const [warnings, errors]: [FhircastError[], FhircastError[]] = [[], []];
      client.on('warning', (warning) => warnings.push(warning));
      client.on('error', (error) => errors.push(error));
      const content = shareContent(client, { echoWithinMs: 1_000, ...shareOptions });
      await client.ready({ caughtUp: true });
      return { client, content, warnings, errors, until: (look) => until(client, content, look) };
    },
  };
}

function until<T>(client: FhircastClient, content: SharedContent, look: () => T): Promise<NonNullable<T>> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = [];
    const check = () => {
      const found = look();
      if (!found) return;
      for (const end of ends) end();
      resolve(found);
    };
    ends.push(client.subscribe(check), content.subscribe(check));
    check();
  });
}

/** What an app holds of an anchor, by name, in one writing. */
export const heldBy = ({ content }: Sharer, anchor = 'DiagnosticReport/r1'): string => {
  const shown = content.of(anchor);
  return shown ? canonical(shown.resources()) : 'nothing';
};

/** What the hub holds of an anchor, in the same writing. */
export const heldAt = (session: TestSession, anchor = 'DiagnosticReport/r1'): string => {
  const held = session.content(anchor);
  return held ? canonical(held.resources) : 'nothing';
};

/** Resources as text, whatever the order of the resources and of their members. */
const canonical = (resources: readonly object[]): string =>
  JSON.stringify(resources.map((one) => JSON.stringify(sorted(one))).sort());

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};
