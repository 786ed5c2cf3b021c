import IsomorphicWebSocket from 'isomorphic-ws';
import { ChannelError, FhircastError } from '../../errors/errors.ts';
import { after } from '../../web/timers.ts';

/** A method's type: so handlers fit that want more of an event than is used here, which are those of the web's `WebSocket`. */
type Handler<E> = { handle(event: E): void }['handle'];

/** The part of the web's `WebSocket` that is used. */
export interface WebSocketLike {
  /** Called when the socket is open. */
  onopen: ((event: never) => void) | null;
  /** Called with every frame. */
  onmessage: Handler<{ readonly data: unknown }> | null;
  /** Called when something fails; `onclose` follows. */
  onerror: ((event: never) => void) | null;
  /** Called when the socket is closed, with the close code. */
  onclose: Handler<{ readonly code: number }> | null;
  /** In which form binary frames come. */
  binaryType?: string;
  /** 1 while the socket is open. */
  readonly readyState: number;
  /** Sends a text frame. */
  send(data: string): void;
  /** Closes the socket. */
  close(code?: number): void;
}

/** Opens a websocket. */
export type WebSocketFactory = (url: string) => WebSocketLike;

/** What Node's `ws` can do beyond the web's `WebSocket`. */
interface NodeSocket {
  ping?(): void;
  on?(event: 'pong', listener: () => void): void;
  terminate?(): void;
}

/** The `readyState` of a socket that is open. */
export const OPEN = 1;
const CLOSED = 3;

const NORMAL_CLOSURE = 1000;
/** How long a hub may take to answer a close, in milliseconds. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * What only Node's `ws` takes: frames that are larger are refused before they are read, and none is compressed, because a small
 * one may unpack to more than the process bears. The largest is 16 million characters, which may be two bytes each. In bytes.
 */
const NODE_OPTIONS = { maxPayload: 32 * 1024 * 1024, perMessageDeflate: false };

/** Opens the platform's own websocket, and `ws` in Node. */
export const platformWebSocket: WebSocketFactory = (url) => {
  // Jest's jsdom gives what `ws` has for bundlers that do not know better: a function that throws.
  const Socket = IsomorphicWebSocket?.OPEN === OPEN ? IsomorphicWebSocket : globalThis.WebSocket;
  if (typeof Socket !== 'function') throw new FhircastError('platform-missing', { at: 'WebSocket' });
  return new (Socket as unknown as new (url: string, protocols: string[], options: object) => WebSocketLike)(
    url,
    [],
    NODE_OPTIONS,
  );
};

/** Node's `ws` says so of a frame that is larger than `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/**
 * Why Node's `ws` gave a socket up by itself.
 *
 * @param event what `onerror` got
 * @returns the close code that it sent; `undefined` for any other error
 */
export function closeCodeOf(event: unknown): number | undefined {
  const { error } = (event ?? {}) as { readonly error?: { readonly code?: unknown } };
  const code = error?.code;
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined;
  return code === TOO_LARGE ? 1009 : 1002;
}

/**
 * Makes the app's own factory say that it is the app's when it fails.
 *
 * @param open the option `webSocket`
 */
export const appWebSocket =
  (open: WebSocketFactory): WebSocketFactory =>
  (url) => {
    let socket: WebSocketLike | undefined;
    try {
      socket = open(url);
    } catch (cause) {
      // By this a platform says that the hub's URL is none for a websocket.
      if ((cause as Error | undefined)?.name === 'SyntaxError') throw new ChannelError('channel-endpoint-invalid');
      throw new FhircastError('option-failed', { at: 'webSocket', cause, retryable: true });
    }
    if (typeof socket?.close !== 'function') throw new FhircastError('option-failed', { at: 'webSocket' });
    return socket;
  };

/**
 * Asks the other side for a sign of life, where the platform can: pages cannot.
 *
 * @returns whether it was asked
 */
export function ping(socket: WebSocketLike): boolean {
  const { ping, on } = socket as NodeSocket;
  if (!ping || !on || socket.readyState !== OPEN) return false;
  try {
    ping.call(socket);
    return true;
  } catch {
    return false;
  }
}

/** Calls back with every sign of life that {@link ping} brought. */
export function onPong(socket: WebSocketLike, alive: () => void): void {
  if (typeof (socket as NodeSocket).ping === 'function') (socket as NodeSocket).on?.('pong', alive);
}

/** Closes a socket at once, where the platform can. */
function terminate(socket: WebSocketLike): void {
  try {
    (socket as NodeSocket).terminate?.();
  } catch {
    // Nothing more can be done about it.
  }
}

/**
 * Closes a socket: nothing of it is heard any more, and the hub sees a normal end.
 *
 * @param isDead whether the other side does not answer any more: no other socket may be opened beside it
 */
export function closeSocket(socket: WebSocketLike, isDead = false): void {
  try {
    socket.onopen = socket.onmessage = null;
    // Its end has been told already, and no other will come to stop the timer.
    if (socket.readyState === CLOSED) return;
    // In Node a peer that does not answer the close would keep the process alive for half a minute.
    const timer = after(CLOSE_WITHIN_MS, () => terminate(socket));
    socket.onclose = () => clearTimeout(timer);
    socket.onerror = () => {};
    socket.close(NORMAL_CLOSURE);
  } catch {
    // A socket that never opened may refuse to be closed, and what the app's own factory gave may be none.
  }
  if (isDead) terminate(socket);
}
