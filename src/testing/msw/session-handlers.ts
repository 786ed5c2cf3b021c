import type { FhirResource } from 'fhir/r4.js';
import { HttpResponse, http, type RequestHandler, type WebSocketHandler, ws } from 'msw';
import { entriesOf } from '../fake/entries.ts';
import { type FakeAnswer, type FakeEntry, MemoryHub } from '../fake/memory-hub.ts';

/** The session that the handlers keep. */
export interface MockedSession {
  /** What a SMART launch into the session gives: pass it to `FhircastClient.fromSmartLaunch()`. */
  readonly tokenResponse: Readonly<Record<string, unknown>>;
  /** The hub, and the session at it. */
  readonly hubUrl: string;
  /** The session. */
  readonly topic: string;
  /** What the app has answered, the oldest first. */
  readonly answers: readonly FakeAnswer[];
  /** What the hub was asked for, by the names of STU3. */
  readonly subscribedTo: readonly string[];
  /**
   * Another app opens something.
   *
   * @param anchor what is opened, such as a Patient: `Patient-open`
   * @param others the event's other resources
   * @returns what the app answered; `undefined` where it is not subscribed to that
   */
  open(anchor: FhirResource, ...others: FhirResource[]): Promise<FakeAnswer | undefined>;
  /** Another app closes something. */
  close(anchor: FhirResource, ...others: FhirResource[]): Promise<FakeAnswer | undefined>;
  /**
   * Another app sends any event.
   *
   * @param name in any spelling
   * @param context the event's context
   */
  publish(name: string, context?: readonly FakeEntry[]): Promise<FakeAnswer | undefined>;
  /** The hub refuses the app's next change by this HTTP status. */
  refuseNext(status?: number): void;
  /** The connection is lost. The app comes back by itself. */
  drop(): void;
}

/** What {@link fhircastSession} makes. */
export interface MockedHub {
  /** For `setupServer()` and `setupWorker()` of msw: the hub's HTTP, and its websocket. */
  readonly handlers: readonly [RequestHandler, WebSocketHandler];
  /** The session. */
  readonly session: MockedSession;
}

const STRANGE = 4000;

/**
 * Makes handlers for msw that are a hub of STU3 with one session, for one client: discovery, subscribing, the current context, changes,
 * and events by websocket. It needs nothing of Node.
 *
 * @example
 * ```ts
 * const { handlers, session } = fhircastSession();
 * setupServer(...handlers).listen();
 * const client = await FhircastClient.fromSmartLaunch(session.tokenResponse);
 * ```
 */
export function fhircastSession(): MockedHub {
  const hub = new MemoryHub();
  const { hubUrl, topic } = hub.session;
  const requests = http.all(new RegExp(`^${hubUrl.replace(/[.?]/g, '\\$&')}(?:/|$)`), async ({ request }) => {
    const { url, method, headers } = request;
    const told = { method, body: await request.text(), headers: { 'Content-Type': headers.get('Content-Type') ?? '' } };
    try {
      const answer = await hub.fetch(url, told);
      // A 202 may come without a body.
      return new HttpResponse(await answer.text(), { status: answer.status });
    } catch {
      return HttpResponse.error();
    }
  });
  const sockets = ws.link(hub.endpoint).addEventListener('connection', ({ client }) => {
    const socket = hub.webSocket();
    socket.onmessage = ({ data }) => client.send(String(data));
    socket.onclose = ({ code }) => client.close(code === 1000 ? 1000 : STRANGE);
    client.addEventListener('message', ({ data }) => socket.send(String(data)));
    client.addEventListener('close', () => {
      socket.onclose = null;
      socket.close();
    });
  });
  const publish = (name: string, context: readonly FakeEntry[] = []) => hub.publish(name, context);
  return {
    handlers: [requests, sockets],
    session: {
      tokenResponse: { access_token: 'mocked', token_type: 'Bearer', 'hub.url': hubUrl, 'hub.topic': topic },
      hubUrl,
      topic,
      get answers() {
        return hub.answers;
      },
      get subscribedTo() {
        return hub.events;
      },
      open: async (anchor, ...others) => publish(`${anchor.resourceType}-open`, entriesOf(anchor, ...others)),
      close: async (anchor, ...others) => publish(`${anchor.resourceType}-close`, entriesOf(anchor, ...others)),
      publish,
      refuseNext: (status = 403) => {
        hub.refusal = status;
      },
      drop: () => hub.drop(),
    },
  };
}
