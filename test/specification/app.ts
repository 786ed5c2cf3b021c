import { createHmac } from 'node:crypto';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { Changes } from '../../src/changes/changes.ts';
import type { Denial } from '../../src/channels/callback.ts';
import type { ChannelSink } from '../../src/channels/channel.ts';
import { WebhookChannel } from '../../src/channels/webhook-channel.ts';
import type { WebSocketLike } from '../../src/channels/websocket/socket.ts';
import { WebSocketChannel } from '../../src/channels/websocket/websocket-channel.ts';
import { HubApi } from '../../src/hub/api.ts';
import { chooserOf } from '../hub/support.ts';
import type { SpecificationText } from './exchange.ts';

// The parts of our client that talk to a hub, with somebody at the other end who says what the specification prints.

/** A request that our code made. */
export interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Who the apps of the examples are, and what they may. */
export interface Who {
  readonly accessToken?: string | undefined;
  readonly subscriberName?: string;
  /** The hub's answer to its subscription request. Default: 202, and the endpoint for a websocket. */
  readonly answer?: Response;
  /** The hub's answer to its unsubscription request. Default: 202. */
  readonly goodbye?: Response;
}

/** The calls to a hub, and what was sent by them. */
export function callsOf(
  text: SpecificationText,
  { accessToken }: Who = {},
  answer: (form: URLSearchParams) => Promise<Response> = async () => new Response(null, { status: 202 }),
) {
  const requests: SentRequest[] = [];
  const api = new HubApi({
    hubUrl: text.hubUrl,
    topic: text.topic,
    chooser: chooserOf(text.dialect),
    accessToken: () => accessToken,
    record: () => {},
    timeoutMs: 5_000,
    fetch: (url, { method = 'GET', headers, body }) => {
      requests.push({ url, method, headers: new Headers(headers), body: String(body ?? '') });
      return answer(new URLSearchParams(String(body)));
    },
  });
  return { api, requests };
}

/** The part of a client that changes the context, each change sent once. */
export const changesBy = (api: HubApi): Changes =>
  new Changes({
    api,
    resends: 0,
    hearing: () => undefined,
    conflict: () => {},
    resend: () => {},
    warned: () => {},
  });

interface Heard {
  readonly notifications: string[];
  readonly denials: Denial[];
}

/** An app that follows everything. */
const follower = (heard: Heard): ChannelSink => ({
  notification: (body, answer) => {
    heard.notifications.push(body);
    // Whether it can be read is looked at elsewhere.
    answer(200, /"id": ?"([^"]+)"/.exec(body)?.[1]);
  },
  denied: (denial) => heard.denials.push(denial),
  rejected: () => {},
  alive: () => {},
  keepalive: () => {},
  warned: () => {},
  granted: () => {},
  lost: () => {},
});

const EVENTS = ['Patient-open', 'Patient-close'];
const forever = () => new AbortController().signal;

/** An app that asks for the events of the examples by webhook, and whose subscription the hub has not verified. */
export async function askingByWebhook(text: SpecificationText, who: Who = {}) {
  const heard: Heard = { notifications: [], denials: [] };
  const endpoint = createCallbackEndpoint({ baseUrl: 'https://viewer.example.net/cb' });
  let asked = (_form: URLSearchParams): void => {};
  const form = new Promise<URLSearchParams>((resolve) => {
    asked = resolve;
  });
  const { api, requests } = callsOf(text, who, async (sent) => {
    if (sent.get('hub.mode') === 'subscribe') {
      asked(sent);
      if (who.answer) return who.answer;
    } else if (api.dialect.verifiesUnsubscribe) await verify('unsubscribe');
    return new Response(null, { status: 202 });
  });
  const channel = new WebhookChannel({
    api,
    callback: endpoint,
    record: () => {},
    confirmationTimeoutMs: 5_000,
    subscriberName: who.subscriberName,
    sink: follower(heard),
  });
  const events = EVENTS.flatMap((name) => api.dialect.spell(name));
  const grant = channel.subscribe(events, forever());
  // It is left unanswered where something else is looked at.
  grant.catch(() => {});
  const asking = await form;
  const id = asking.get('hub.callback')?.split('/').at(-1) ?? '';
  const secret = asking.get('hub.secret') ?? '';
  const get = (query: string) =>
    endpoint.handle(id, { method: 'GET', query, signature: undefined, body: new Uint8Array() });
  const verify = (mode: string) =>
    get(new URLSearchParams({ 'hub.mode': mode, 'hub.topic': text.topic, 'hub.challenge': 'c' }).toString());
  return {
    requests,
    heard,
    grant,
    get,
    /** Posts a body; `{signature}` is replaced by the right one. */
    post: (body: string, signature: string) =>
      endpoint.handle(id, {
        method: 'POST',
        query: '',
        signature: signature.replace('{signature}', createHmac('sha256', secret).update(body).digest('hex')),
        body: new TextEncoder().encode(body),
      }),
    verified: () => verify('subscribe'),
    unsubscribe: () => channel.unsubscribe(forever()),
    close: () => channel.close(),
  };
}

class Socket implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onerror: WebSocketLike['onerror'] = null;
  onclose: WebSocketLike['onclose'] = null;
  readonly sent: string[] = [];
  readyState = 1;

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1000 });
  }
}

/** An app that has subscribed to the events of the examples by a websocket. */
export async function subscribedByWebsocket(text: SpecificationText, who: Who = {}, endpoint = 'wss://hub.example/1') {
  const heard: Heard = { notifications: [], denials: [] };
  const { api, requests } = callsOf(text, who, async (sent) => {
    const isGoodbye = sent.get('hub.mode') === 'unsubscribe';
    const own = isGoodbye ? who.goodbye : who.answer;
    return own ?? Response.json({ 'hub.channel.endpoint': endpoint }, { status: 202 });
  });
  const opened: string[] = [];
  const socket = new Socket();
  const receive = (frame: string) => socket.onmessage?.({ data: frame });
  const channel = new WebSocketChannel({
    api,
    record: () => {},
    confirmationTimeoutMs: 5_000,
    allowInsecure: false,
    subscriberName: who.subscriberName,
    sink: follower(heard),
    webSocket: (url) => {
      opened.push(url);
      queueMicrotask(() => receive(JSON.stringify({ 'hub.mode': 'subscribe', 'hub.topic': text.topic })));
      return socket;
    },
  });
  await channel.subscribe(
    EVENTS.flatMap((name) => api.dialect.spell(name)),
    forever(),
  );
  return {
    requests,
    heard,
    /** Where sockets were opened. */
    opened,
    frames: socket.sent,
    receive,
    unsubscribe: () => channel.unsubscribe(forever()),
    close: () => channel.close(),
  };
}
