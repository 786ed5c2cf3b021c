import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCallbackEndpoint, type HttpCallbackEndpoint } from '../../../src/callback/index.ts';
import { RecordingOwner } from '../support.ts';

/** The query of the endpoint's own URL: hubs append theirs to it. */
const OWN_QUERY = 'tenant=7';

/** The endpoint's limit: more than what frameworks allow by themselves. */
export const BODY_LIMIT = 2 * 1024 * 1024;

/** What has reached the owner of a subscription. */
export interface Seen {
  readonly bodies: readonly string[];
  /** The codes of what was refused. */
  readonly codes: readonly string[];
  /** The reasons of denials. */
  readonly denials: readonly (string | undefined)[];
}

/** A subscription at an app, as a hub knows it. */
export interface Subscribed {
  readonly id: string;
  readonly secret: string;
  /** The callback URL's path and query. */
  readonly path: string;
  seen(): Seen | Promise<Seen>;
  close(): unknown;
}

/** An app on a real framework, with a callback endpoint. */
export interface App {
  readonly origin: string;
  /** The endpoint is mounted below this path as well. */
  readonly otherMount?: string;
  open(): Promise<Subscribed>;
  counts(): Promise<HttpCallbackEndpoint['counts']> | HttpCallbackEndpoint['counts'];
  /** What the framework was told of failures. */
  readonly errors: readonly unknown[];
  close(): Promise<unknown>;
}

/** A body tells the owner how to answer: `"answer":409`. */
const answerAsTold = (body: string): number => Number(/"answer":(\d+)/.exec(body)?.[1] ?? 200);

/** Lets a server listen on a free port. */
export async function started(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}

/** What a framework's test has to set up. */
export interface Mounted {
  readonly origin: string;
  readonly otherMount?: string;
  close(): Promise<unknown>;
}

/**
 * Starts an app in this process.
 *
 * @param mount mounts the endpoint below `/fhircast`, answers `other` to GET /other, and tells of failures
 */
export async function startApp(
  mount: (endpoint: HttpCallbackEndpoint, tell: (error: unknown) => void) => Promise<Mounted> | Mounted,
): Promise<App> {
  const endpoint = createCallbackEndpoint({
    baseUrl: `https://app.example.org/fhircast?${OWN_QUERY}`,
    bodyLimit: BODY_LIMIT,
  });
  const errors: unknown[] = [];
  const mounted = await mount(endpoint, (error) => void errors.push(error));
  const open = async (): Promise<Subscribed> => {
    const owner = new RecordingOwner(answerAsTold);
    const { url, secret, close } = await endpoint.open(owner);
    const { pathname, search } = new URL(url);
    const seen = () => ({
      bodies: owner.bodies,
      codes: owner.codes,
      denials: owner.denials.map(({ reason }) => reason),
    });
    return { id: pathname.slice(pathname.lastIndexOf('/') + 1), secret, path: pathname + search, seen, close };
  };
  return { ...mounted, open, errors, counts: () => endpoint.counts };
}

/** Starts an app that is a listener of node:http. */
export const startListener = (
  listener: (endpoint: HttpCallbackEndpoint, tell: (error: unknown) => void) => RequestListener,
  otherMount?: string,
): Promise<App> =>
  startApp(async (endpoint, tell) => {
    const mounted = await started(createServer(listener(endpoint, tell)));
    return otherMount ? { ...mounted, otherMount } : mounted;
  });
