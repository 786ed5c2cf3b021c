import IsomorphicWebSocket from 'isomorphic-ws';
import { ChannelError, FhircastError, NotificationError, SubscriptionDeniedError } from '../errors.ts';
import type { HubApi } from '../hub/api.ts';
import type { SubscriptionRequest } from '../hub/dialects/dialect.ts';
import type { Recorder } from '../hub/protocol.ts';
import { urlFault } from '../hub/url.ts';
import { randomHex } from '../random.ts';
import type { Channel, ChannelSink, Grant } from './channel.ts';
import { endpointOf } from './endpoint.ts';
import { parseControlFrame } from './frame.ts';

/** The part of the web's `WebSocket` that is used. */
export interface WebSocketLike {
  /** Called when the socket is open. */
  onopen: ((event: never) => void) | null;
  /** Called with every frame. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  /** Called when something fails; `onclose` follows. */
  onerror: ((event: never) => void) | null;
  /** Called when the socket is closed, with the close code. */
  onclose: ((event: { readonly code: number }) => void) | null;
  /** 1 while the socket is open. */
  readonly readyState: number;
  /** Sends a text frame. */
  send(data: string): void;
  /** Closes the socket. */
  close(code?: number): void;
}

/** Opens a websocket. */
export type WebSocketFactory = (url: string) => WebSocketLike;

/** What a websocket channel needs. */
export interface WebSocketChannelOptions {
  /** The calls to the hub. */
  readonly api: HubApi;
  /** Who takes what arrives. */
  readonly sink: ChannelSink;
  /** Takes a record of every frame. */
  readonly record: Recorder;
  /** How long the hub may take to confirm, in milliseconds. */
  readonly confirmationTimeoutMs: number;
  /** Accepts unencrypted endpoints of any host. */
  readonly allowInsecure: boolean;
  /** The lease to ask for, in seconds. */
  readonly leaseSeconds?: number | undefined;
  /** A name by which others know this app. */
  readonly subscriberName?: string | undefined;
  /** Opens a websocket. Default: the platform's own, and `ws` in Node. */
  readonly webSocket?: WebSocketFactory | undefined;
}

/** More than any event that a hub sends. In characters. */
const FRAME_LIMIT = 16 * 1024 * 1024;
const NORMAL_CLOSURE = 1000;
/** How long a hub may take to answer a close, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;
const OPEN = 1;

const platformWebSocket: WebSocketFactory = (url) => new IsomorphicWebSocket(url) as unknown as WebSocketLike;

/** One socket, from its endpoint to its end. */
interface Connection {
  readonly endpoint: string;
  readonly socket: WebSocketLike;
}

/** Events over a websocket (STU3, Subscribing; STU2 has the same). */
export class WebSocketChannel implements Channel {
  readonly type = 'websocket';
  readonly #options: WebSocketChannelOptions;
  // The draft's hubs sign frames too, and one of them delivers nothing to a subscriber without a secret.
  readonly #secret = randomHex(32);
  #connection: Connection | undefined;
  #closed = false;
  /** Gives up the socket that is being opened. */
  #abandon: (() => void) | undefined;
  #events: readonly string[] = [];

  constructor(options: WebSocketChannelOptions) {
    this.#options = options;
  }

  async subscribe(events: readonly string[], signal: AbortSignal): Promise<Grant> {
    const { api } = this.#options;
    const old = this.#connection;
    this.#events = events;
    const endpoint = endpointOf(await api.subscribe(this.#request(old?.endpoint), signal)) ?? old?.endpoint;
    if (endpoint === undefined) throw new ChannelError('channel-no-endpoint');
    // The socket stays: the hub replaced what it sends there. Its new confirmation is reported when it comes.
    if (old && old.endpoint === endpoint && old.socket.readyState === OPEN)
      return { events: undefined, leaseSeconds: undefined };
    if (urlFault(endpoint, 'ws', this.#options.allowInsecure)) throw new ChannelError('channel-endpoint-invalid');
    const grant = await this.#connect(endpoint, signal);
    // A hub that adds where it should replace would send everything twice.
    if (old) this.#dispose(old.socket);
    return grant;
  }

  async unsubscribe(): Promise<void> {
    const connection = this.#connection;
    // The hub denies what it ends at our own wish, and may close first: neither is news.
    this.#connection = undefined;
    try {
      if (connection) await this.#options.api.unsubscribe(this.#request(connection.endpoint));
    } finally {
      if (connection) this.#dispose(connection.socket);
      this.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#abandon?.();
    if (this.#connection) this.#dispose(this.#connection.socket);
    this.#connection = undefined;
  }

  #request(endpoint: string | undefined): SubscriptionRequest {
    const { api, leaseSeconds, subscriberName } = this.#options;
    const [events, secret] = [this.#events, this.#secret];
    return { channel: 'websocket', topic: api.topic, events, secret, endpoint, leaseSeconds, subscriberName };
  }

  #connect(endpoint: string, signal: AbortSignal): Promise<Grant> {
    return new Promise((resolve, reject) => {
      const { sink, record } = this.#options;
      let connection: Connection | undefined;
      let confirmed = false;

      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#abandon = undefined;
      };
      const fail = (error: FhircastError) => {
        settle();
        if (connection) this.#dispose(connection.socket);
        reject(error);
      };
      const aborted = () => fail(new FhircastError('aborted'));
      this.#abandon = aborted;
      const timer = setTimeout(
        () => fail(new ChannelError('confirmation-timeout', { retryable: true })),
        this.#options.confirmationTimeoutMs,
      );
      signal.addEventListener('abort', aborted);
      if (signal.aborted || this.#closed) return aborted();

      let socket: WebSocketLike;
      try {
        socket = (this.#options.webSocket ?? platformWebSocket)(endpoint);
      } catch {
        // The platform's own error quotes the URL.
        return fail(new ChannelError('channel-endpoint-invalid'));
      }
      connection = { endpoint, socket };

      // Attached before the socket opens: some hubs confirm in the same packet as the handshake.
      socket.onopen = () => record({ direction: 'out', via: 'websocket', kind: 'socket-open' });
      // `onclose` follows with the code.
      socket.onerror = () => {};
      socket.onclose = ({ code }) => {
        record({ direction: 'in', via: 'websocket', kind: 'socket-close', closeCode: code });
        if (!confirmed) return fail(new ChannelError('channel-not-opened', { closeCode: code, retryable: true }));
        if (this.#connection?.socket !== socket) return;
        this.#connection = undefined;
        if (!this.#closed) sink.lost(new ChannelError('channel-lost', { closeCode: code, retryable: true }));
      };
      socket.onmessage = ({ data }) => {
        // We have asked to leave: what still comes is for nobody.
        if (confirmed && this.#connection?.socket !== socket) return;
        if (typeof data !== 'string') {
          return sink.rejected(new NotificationError('notification-malformed', { at: 'a binary frame' }));
        }
        if (data.length > FRAME_LIMIT) return sink.rejected(new NotificationError('notification-too-large'));
        const control = parseControlFrame(data);
        if (!control) return this.#notification(socket, data);
        if (control.kind === 'denial') {
          if (!this.#isOurs(control.denial.topic))
            return sink.rejected(new NotificationError('notification-wrong-topic'));
          record({ direction: 'in', via: 'websocket', kind: 'denial' });
          const { reason } = control.denial;
          if (!confirmed)
            fail(new SubscriptionDeniedError('subscription-denied', reason === undefined ? {} : { hubText: reason }));
          else sink.denied(control.denial);
          return;
        }
        if (!this.#isOurs(control.topic)) return sink.rejected(new NotificationError('notification-wrong-topic'));
        record({ direction: 'in', via: 'websocket', kind: 'confirmation' });
        if (confirmed) return sink.granted(control.grant);
        confirmed = true;
        settle();
        this.#connection = connection;
        resolve(control.grant);
      };
    });
  }

  #isOurs(topic: string | undefined): boolean {
    const { api } = this.#options;
    return topic === undefined || api.dialect.isOurTopic(api.topic, topic);
  }

  #notification(socket: WebSocketLike, text: string): void {
    const { api, sink, record } = this.#options;
    let answered = false;
    sink.notification(text, (status, id) => {
      // Nothing is answered on a socket that is gone: what it brought was for a subscription that is no more.
      if (answered || id === undefined || !api.dialect.acknowledgesFrames || socket.readyState !== OPEN) return;
      answered = true;
      socket.send(`{"id":${JSON.stringify(id)},"status":"${status}"}`);
      record({ direction: 'out', via: 'websocket', kind: 'answer', status });
    });
  }

  /** Lets a socket go: nothing of it is heard any more, and the hub sees a normal end. */
  #dispose(socket: WebSocketLike): void {
    socket.onopen = socket.onmessage = null;
    // In Node a peer that does not answer the close would keep the process alive for half a minute.
    const end = setTimeout(() => (socket as { terminate?: () => void }).terminate?.(), CLOSE_WITHIN_MS);
    socket.onclose = () => clearTimeout(end);
    socket.onerror = () => {};
    try {
      socket.close(NORMAL_CLOSURE);
    } catch {
      // A socket that never opened may refuse to be closed.
    }
  }
}
