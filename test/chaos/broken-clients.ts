import type { FhircastEvent, SmartLaunchOptions, WebSocketLike } from '../../src/index.ts';
import type { TokenResponse } from '../../src/testing/index.ts';
import { type ChaosClient, realClient } from './app.ts';

/** A client that is broken on purpose, to see that a run notices. */
export type Breakage =
  | 'repeats events'
  | 'delivers late'
  | 'shows nothing'
  | 'answers twice'
  | 'never answers'
  | 'mixes sessions up'
  | 'forgets a rejection'
  | 'forgets a timer'
  | 'says the token'
  | 'takes an id for the event'
  | 'is in step after a stale event'
  | 'believes any confirmation';

/** Makes a client that is broken in one way. */
export const brokenClient =
  (breakage: Breakage) =>
  async (launch: TokenResponse, options: SmartLaunchOptions): Promise<ChaosClient> => {
    const client = await realClient(launch, withBrokenSockets(breakage, options));
    if (breakage === 'forgets a rejection') void Promise.reject(new Error('Nobody looks at this.'));
    if (breakage === 'forgets a timer') forgetTimer();
    return new Proxy(client, {
      get(target, key) {
        if (breakage === 'shows nothing' && key === 'context') return { current: null, open: [], implied: [] };
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        if (key === 'on') return (...args: Parameters<ChaosClient['on']>) => listen(client, breakage, launch, ...args);
        return value.bind(target);
      },
    });
  };

/** The timers that broken clients have forgotten, for whoever has to clean up. */
export const forgottenTimers = new Set<NodeJS.Timeout>();

function forgetTimer(): void {
  forgottenTimers.add(setInterval(() => undefined, 60_000));
}

function listen(
  client: ChaosClient,
  breakage: Breakage,
  { access_token }: TokenResponse,
  ...[name, listener]: Parameters<ChaosClient['on']>
): ChaosClient {
  const call = listener as (argument: unknown) => unknown;
  if (name === 'subscribed' && breakage === 'says the token')
    return client.on(name, (subscribed) => call({ ...subscribed, access_token }));
  if (name !== '*') return client.on(name, listener);
  let late: FhircastEvent | undefined;
  return client.on('*', (event) => {
    if (breakage === 'repeats events') call(event);
    if (breakage === 'mixes sessions up') return call(changed(event, { topic: 'of-somebody-else' }));
    if (breakage !== 'delivers late') return call(event);
    // The first open comes after the one that follows it.
    if (late === undefined && event.name.endsWith('-open')) {
      late = event;
      return undefined;
    }
    const result = call(event);
    if (late !== undefined) call(late);
    return result;
  });
}

function changed(event: FhircastEvent, change: Partial<FhircastEvent>): FhircastEvent {
  // The event itself is frozen.
  return new Proxy({} as FhircastEvent, {
    get: (_, key) => {
      const value: unknown = key in change ? Reflect.get(change, key) : Reflect.get(event, key, event);
      return typeof value === 'function' ? value.bind(event) : value;
    },
  });
}

function withBrokenSockets(breakage: Breakage, options: SmartLaunchOptions): SmartLaunchOptions {
  const open = options.webSocket;
  if (!open) return options;
  switch (breakage) {
    case 'answers twice':
    case 'never answers':
      return { ...options, webSocket: (url) => answeringBadly(open(url), breakage === 'answers twice') };
    case 'takes an id for the event':
      return { ...options, webSocket: (url) => droppingKnownIds(open(url)) };
    case 'is in step after a stale event':
      return { ...options, webSocket: (url) => droppingOlder(open(url)) };
    case 'believes any confirmation': {
      // What was named first is opened for ever.
      let endpoint: string | undefined;
      return {
        ...options,
        webSocket: (url) => {
          endpoint ??= url;
          return open(endpoint);
        },
      };
    }
    default:
      return options;
  }
}

function answeringBadly(socket: WebSocketLike, isTwice: boolean): WebSocketLike {
  const send = socket.send.bind(socket);
  socket.send = (data) => {
    if (!isTwice) return;
    send(data);
    send(data);
  };
  return socket;
}

function droppingKnownIds(socket: WebSocketLike): WebSocketLike {
  const known = new Set<unknown>();
  return dropping(socket, ({ id }) => known.size === known.add(id).size);
}

function droppingOlder(socket: WebSocketLike): WebSocketLike {
  let latest = Number.NEGATIVE_INFINITY;
  return dropping(socket, ({ timestamp }) => {
    const time = Date.parse(String(timestamp));
    const isOlder = time < latest;
    latest = Math.max(time, latest);
    return isOlder;
  });
}

/** Keeps events from a client, and answers them. */
function dropping(
  socket: WebSocketLike,
  isDropped: (message: { id: unknown; timestamp: unknown }) => boolean,
): WebSocketLike {
  const prototype: object = Object.getPrototypeOf(socket);
  Object.defineProperty(socket, 'onmessage', {
    get: () => Reflect.get(prototype, 'onmessage', socket),
    set: (listener: ((message: { data: unknown }) => void) | null) => {
      const filtered = (message: { data: unknown }) => {
        const { id, timestamp, event } = JSON.parse(String(message.data));
        if (event === undefined || !isDropped({ id, timestamp })) listener?.(message);
        else socket.send(JSON.stringify({ id, status: '200' }));
      };
      Reflect.set(prototype, 'onmessage', listener && filtered, socket);
    },
  });
  return socket;
}
