import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Link, type NetworkFaults, resetClient } from './network-link.ts';

/** A network on which things go wrong on demand, between real sockets. Made by `startTestNetwork()`. */
export interface TestNetwork {
  /** Where to connect instead of to the target: `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** How many connections clients have open, the half-open ones that they did not give up included. */
  readonly connections: number;
  /** Resets every new connection until `heal()`. */
  refuse(): void;
  /**
   * Holds every chunk in both directions until `heal()`; their order is kept.
   *
   * @param ms how long, in milliseconds
   */
  delay(ms: number): void;
  /** Resets the connections that exist, on both sides: no close frame, no last word. Half-open ones stay as they are. */
  cut(): void;
  /**
   * Makes black holes of the connections that exist, for good: nothing passes any more, nothing fails, and the end of
   * one side is not told to the other. New connections are fine.
   */
  halfOpen(): void;
  /**
   * The next connection that carries data from the target passes so much more of it, and is then cut.
   *
   * @param bytes how much still passes, in bytes; 0 for nothing
   */
  truncate(bytes: number): void;
  /** Ends `refuse()`, `delay()` and a truncation that has not been reached; what was held passes at once. */
  heal(): void;
  /** Ends the network and all of its connections. Nothing keeps the process alive. Idempotent. */
  close(): Promise<void>;
}

/** A network that its hub can take down without waiting for connections on which nothing passes. */
export interface OwnedNetwork extends TestNetwork {
  /** Closes the half-open connections. */
  closeHalfOpen(): void;
}

/**
 * Starts a TCP proxy on a free port of 127.0.0.1, in front of a server whose connections are to fail.
 *
 * @param target the server's origin, such as `http://127.0.0.1:51234`
 * @throws TypeError when that is not an absolute http URL
 */
export function startTestNetwork(target: string): Promise<TestNetwork> {
  return startOwnedNetwork(target);
}

/**
 * The same, for a hub that is the target.
 *
 * @param on the port of the network. Default 0: a free one
 * @throws when that port is taken
 */
export async function startOwnedNetwork(target: string, on = 0): Promise<OwnedNetwork> {
  const { protocol, hostname, port } = new URL(target);
  if (protocol !== 'http:') throw new TypeError('The target of a test network must be an http URL.');
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), allowHalfOpen: true };
  const links = new Set<Link>();
  const refused = new Set<Socket>();
  const faults: NetworkFaults = { delayMs: 0, truncateAfter: undefined };
  let refusing = false;

  const server = createServer({ allowHalfOpen: true }, (client: Socket) => {
    if (refusing) {
      refused.add(client);
      client.on('error', () => undefined);
      client.on('close', () => refused.delete(client));
      resetClient(client);
      return;
    }
    const link: Link = new Link(client, connect(address), faults, () => links.delete(link));
    links.add(link);
  });
  server.listen(on, '127.0.0.1');
  await once(server, 'listening');

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return [...links].filter((link) => link.open).length;
    },
    refuse() {
      refusing = true;
    },
    delay(ms) {
      faults.delayMs = ms;
    },
    cut() {
      for (const link of links) link.lost();
    },
    halfOpen() {
      for (const link of links) link.makeHalfOpen();
    },
    truncate(bytes) {
      faults.truncateAfter = bytes;
    },
    heal() {
      refusing = false;
      Object.assign(faults, { delayMs: 0, truncateAfter: undefined });
      for (const link of links) link.heal();
    },
    closeHalfOpen() {
      for (const link of links) if (link.halfOpen) link.close();
    },
    async close() {
      for (const link of links) link.close();
      for (const socket of refused) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
