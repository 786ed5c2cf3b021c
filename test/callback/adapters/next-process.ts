import { nextCallback } from '../../../src/callback/adapters/next.ts';
import type { HttpCallbackEndpoint } from '../../../src/callback/index.ts';
import { type App, type Subscribed, startApp } from './app.ts';

// What runs within Next.js: it is bundled, and becomes part of the app that Next.js builds.

interface Shared {
  endpoint: HttpCallbackEndpoint;
  app: App;
  subscriptions: Map<string, Subscribed>;
  errors: unknown[];
}

/** Every route is a module graph of its own: what they share is the process's. */
const shared = globalThis as { fhircast?: Promise<Shared> };

const start = async (): Promise<Shared> => {
  let endpoint: HttpCallbackEndpoint | undefined;
  const app = await startApp((made) => {
    endpoint = made;
    return { origin: '', close: async () => {} };
  });
  if (!endpoint) throw new Error('The endpoint was not made.');
  return { endpoint, app, subscriptions: new Map(), errors: [] };
};

shared.fhircast ??= start();
const { endpoint, app, subscriptions, errors } = await shared.fhircast;

/** The handlers as the adapter makes them. */
export const handlers = nextCallback(endpoint);

/** Handlers of an app that reads bodies before. */
export const behindJson: Partial<typeof handlers> = {
  GET: handlers.GET,
  POST: async (request) => {
    await request.json();
    return handlers.POST(request);
  },
};

/** What Next.js tells an app of errors: `onRequestError` of `instrumentation.js`. */
export const tell = (error: Error & { code?: string }) =>
  void errors.push({ code: error.code, message: error.message });

/** What the test asks of the app: `?open`, `?seen=<id>`, `?close=<id>`, `?counts`. */
export async function control(request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const subscription = (name: string) => subscriptions.get(searchParams.get(name) ?? '');
  if (searchParams.has('open')) {
    const opened = await app.open();
    subscriptions.set(opened.id, opened);
    const { id, secret, path } = opened;
    return Response.json({ id, secret, path });
  }
  await subscription('close')?.close();
  return Response.json({ counts: await app.counts(), errors, seen: await subscription('seen')?.seen() });
}
