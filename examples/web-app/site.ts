import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** One web server: an origin of its own, as in real life. */
export interface Site {
  /** Without a slash at the end. */
  readonly origin: string;
  /** Takes the requests from now on. */
  serve(app: Express): void;
  /** Stops it, with whatever is still open. */
  close(): void;
}

/**
 * Opens a web server on 127.0.0.1.
 *
 * @param port 0 for a free one
 * @throws when the port is taken
 */
export async function openSite(port: number): Promise<Site> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (app) => void server.on('request', app),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
