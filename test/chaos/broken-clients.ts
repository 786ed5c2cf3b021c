import type { FhircastEvent, SmartLaunchOptions } from '../../src/index.ts';
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
  | 'says the token';

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
  return new Proxy(event, {
    get: (target, key) => (key in change ? Reflect.get(change, key) : Reflect.get(target, key, target)),
  });
}

function withBrokenSockets(breakage: Breakage, options: SmartLaunchOptions): SmartLaunchOptions {
  const open = options.webSocket;
  if (!open || (breakage !== 'answers twice' && breakage !== 'never answers')) return options;
  return {
    ...options,
    webSocket: (url) => {
      const socket = open(url);
      const send = socket.send.bind(socket);
      socket.send = (data) => {
        if (breakage === 'never answers') return;
        send(data);
        send(data);
      };
      return socket;
    },
  };
}
