import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCallbackEndpoint, type HttpCallbackEndpoint } from '../../src/callback/index.ts';
import { startTestNetwork, type TestNetwork } from '../../src/testing/index.ts';

/** Where webhooks arrive, behind a network that fails on demand. */
export interface CallbackServer {
  readonly endpoint: HttpCallbackEndpoint;
  readonly network: TestNetwork;
  /** How many notifications arrived whole and have not been answered. */
  readonly unanswered: number;
  /** Ends everything. */
  close(): Promise<void>;
}

/**
 * Starts a server for callbacks on 127.0.0.1.
 *
 * @param answered called after every answer
 */
export async function startCallbackServer(answered: () => void): Promise<CallbackServer> {
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    request.on('end', () => open.add(response));
    response.on('close', () => {
      open.delete(response);
      answered();
    });
    endpoint.node(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const network = await startTestNetwork(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const endpoint = createCallbackEndpoint({ baseUrl: `${network.origin}/fhircast` });
  return {
    endpoint,
    network,
    get unanswered() {
      return [...open].filter(({ writableEnded }) => !writableEnded).length;
    },
    async close() {
      await network.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
