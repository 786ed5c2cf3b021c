import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Patient } from 'fhir/r4';
import { onTestFinished } from 'vitest';
import {
  type CallbackEndpointOptions,
  createCallbackEndpoint,
  type HttpCallbackEndpoint,
} from '../../src/callback/index.ts';
import { type ContextEntry, FhircastClient, type FhircastEvent, type SmartLaunchOptions } from '../../src/index.ts';
import {
  formatMessage,
  type HubMessage,
  startTestHub,
  TEST_PATIENTS,
  type TestHub,
  type TestHubOptions,
  type TestSession,
  type TokenResponse,
} from '../../src/testing/index.ts';
import { App } from './app.ts';
import { Evidence } from './evidence.ts';
import type { WorldKind } from './worlds.ts';

const [ADA, BRAM, CHIDI] = TEST_PATIENTS;

export { ADA, BRAM, CHIDI };

/** The context of an event about a patient. */
export const patientContext = (patient: Patient = ADA): (ContextEntry & { resource: Patient })[] => [
  { key: 'patient', resource: patient },
];

/** A time of the tests, so many seconds after their beginning. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 5, 8) + seconds * 1000).toISOString();

/** How a world differs from the usual. */
export interface WorldOptions {
  hub?: TestHubOptions;
  callback?: Partial<CallbackEndpointOptions>;
}

/** How an app differs from the usual. */
export interface AppOptions extends SmartLaunchOptions {
  /** The granted scopes. Default: everything. */
  scope?: string;
  /** What the app does with Patient-open. */
  listener?: (event: FhircastEvent) => unknown;
}

/** A hub, a session, and a server for callbacks, for the apps of one test. */
export interface World {
  readonly kind: WorldKind;
  readonly hub: TestHub;
  readonly session: TestSession;
  readonly callback: HttpCallbackEndpoint;
  readonly evidence: Evidence;
  /** What an app has to be told of a hub that is one version alone, so that each row is of one version and one channel. */
  readonly chosen: Partial<SmartLaunchOptions>;
  /** What the EHR's token endpoint would give to an app. */
  launch(name?: string, scope?: string): TokenResponse;
  /** Launches an app, which listens to nothing yet. */
  join(name?: string, options?: AppOptions): Promise<App>;
  /** Makes an app that was launched otherwise one of the world, so that it ends with it. */
  take(app: App): App;
  /** Launches an app that follows the patient, and waits until nothing of its subscription is under way. */
  follow(name?: string, options?: AppOptions): Promise<App>;
  /** A message as the hub would send it. */
  message(name: string, facts?: { id?: string; topic?: string; timestamp?: string; context?: unknown }): string;
  /** What the hub saw of a kind. */
  seen(kind: HubMessage['kind'], subscriber?: string): HubMessage[];
  /** Resolves when the hub holds subscriptions and has confirmed them all: a hub knows it later than its subscriber. */
  confirmed(): Promise<unknown>;
  /** The error that a promise rejects with. */
  failure(promise: Promise<unknown>): Promise<unknown>;
}

/** Starts a world that ends with the test. Whatever is said in it must not hold a secret. */
export async function openWorld(kind: WorldKind, options: WorldOptions = {}): Promise<World> {
  const evidence = new Evidence();
  const hub = await startTestHub({
    ...(kind.personality ? { personality: kind.personality } : {}),
    ...options.hub,
    onMessage: (message) => {
      evidence.keepSecretsOf(message);
      evidence.line(formatMessage(message));
    },
  });
  const session = hub.openSession();
  evidence.keep('the topic', session.id);
  const { callback, close } = await openCallback(options.callback);
  const apps: App[] = [];
  onTestFinished(async () => {
    for (const { client } of apps) evidence.value('client', client);
    await Promise.all(
      apps.map(({ client }) => client.unsubscribe().catch((error) => evidence.value('leaving', error))),
    );
    await hub.close();
    await close();
    evidence.expectNoLeak();
  });

  const world: World = {
    kind,
    hub,
    session,
    callback,
    evidence,
    chosen: chosenFor(kind),
    launch(name = 'Viewer', scope = kind.form === 'stu' ? 'fhircast/*.*' : 'fhircast') {
      const token = session.issueToken(scope, 3600, name);
      evidence.keep('the token', token);
      return { ...session.launch(kind.form, { scope }), access_token: token };
    },
    async join(name = 'Viewer', { scope, listener, ...clientOptions } = {}) {
      const client = await FhircastClient.fromSmartLaunch(world.launch(name, scope), {
        callback,
        subscriberName: name,
        ...world.chosen,
        ...clientOptions,
      });
      const app = world.take(new App(name, client, evidence));
      if (listener) client.on('Patient-open', listener);
      return app;
    },
    take(app) {
      apps.push(app);
      return app;
    },
    async follow(name = 'Viewer', { listener = () => undefined, ...appOptions } = {}) {
      const app = await world.join(name, { listener, ...appOptions });
      await app.client.ready();
      await settled(app);
      await world.confirmed();
      return app;
    },
    message(name, { id = 'event-1', topic, timestamp = at(0), context = patientContext() } = {}) {
      const ours = session.subscriptions[0]?.topic;
      return JSON.stringify({ timestamp, id, event: { 'hub.topic': topic ?? ours, 'hub.event': name, context } });
    },
    seen: (wanted, subscriber) =>
      hub.log.filter((message) => message.kind === wanted && (!subscriber || message.subscriber === subscriber)),
    confirmed: () =>
      hub.waitFor(() => session.subscriptions.length > 0 && session.subscriptions.every(({ active }) => active)),
    async failure(promise) {
      const error: unknown = await promise.then(
        () => {
          throw new Error('It did not fail.');
        },
        (thrown: unknown) => thrown,
      );
      evidence.value('failure', error);
      return error;
    },
  };
  return world;
}

/** Nobody can tell STU1 to STU3 by their launch. */
export const chosenFor = ({ personality, dialect, channel, options }: WorldKind): Partial<SmartLaunchOptions> =>
  options ?? (personality ? { dialect, channel } : {});

/** The client asks what is open, and what it is told may come as an event. */
export async function settled(app: App): Promise<void> {
  await app.until(() => ['in-sync', 'refused'].includes(app.client.syncStatus.state));
}

async function openCallback(options: Partial<CallbackEndpointOptions> = {}) {
  const server = createServer((request, response) => callback.node(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const callback = createCallbackEndpoint({ baseUrl: `http://127.0.0.1:${port}/fhircast`, ...options });
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { callback, close };
}
