import type { HubPersonality, TestHubOptions, TestSession } from '../../../src/testing/index.ts';
import { openCallback, openHub, openSocket, postForm } from '../support.ts';

/** A hub of a personality with one session; both end with the test. */
export async function openPersonality(personality: HubPersonality, options: TestHubOptions = {}) {
  const hub = await openHub({ personality, ...options });
  const session = hub.openSession();
  const { accessToken: token } = session;
  return {
    hub,
    session,
    /** Posts a form to the hub's URL. */
    ask: (fields: Record<string, string>) => postForm(hub.url, token, fields),
    /** Asks for the current context at the session's URL. */
    context: () => fetch(session.url, { headers: { Authorization: `Bearer ${token}` } }),
  };
}

/** The fields of a subscription by webhook, without `hub.channel.type`. */
export function webhookFields(topic: string, callback: string, events: string): Record<string, string> {
  return {
    'hub.mode': 'subscribe',
    'hub.topic': topic,
    'hub.events': events,
    'hub.callback': callback,
    'hub.secret': 'a shared secret',
  };
}

/** The fields of a subscription by websocket. */
export function websocketFields(session: TestSession, events: string): Record<string, string> {
  return {
    'hub.channel.type': 'websocket',
    'hub.mode': 'subscribe',
    'hub.topic': session.id,
    'hub.events': events,
  };
}

/** The URL of the websocket in a JSON answer to a subscription. */
export async function endpointOf(response: Response): Promise<string> {
  return ((await response.json()) as { 'hub.channel.endpoint': string })['hub.channel.endpoint'];
}

type Opened = Awaited<ReturnType<typeof openPersonality>>;

/** Subscribes by websocket at a hub that answers with JSON, and opens the socket. */
export async function openSubscription({ ask, session }: Opened, events: string, more: Record<string, string> = {}) {
  const endpoint = await endpointOf(await ask({ ...websocketFields(session, events), ...more }));
  return { endpoint, ...openSocket(endpoint) };
}

/** Subscribes a callback, and waits until it has been verified. */
export async function subscribeCallback(
  { hub, ask, session }: Opened,
  events: string,
  { topic = session.id, ...more }: Record<string, string> = {},
) {
  const callback = await openCallback();
  const since = hub.log.length;
  const response = await ask({ ...webhookFields(topic, callback.url, events), ...more });
  await hub.waitFor(({ kind }) => kind === 'active', { since });
  return { ...callback, response, verification: await callback.inbox.next() };
}
