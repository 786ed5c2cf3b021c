import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** An address that is known before the server behind it has one. */
export interface Front {
  readonly origin: string;
  /** Passes connections on to a port of this machine from now on. */
  passTo(port: number): void;
  /** Cuts every connection. */
  close(): void;
}

/** Opens a front on a free port. So no server has to be given a port that somebody else may take before it. */
export async function openFront(): Promise<Front> {
  let target: number | undefined;
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (target === undefined) return void client.destroy();
    const inner = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    keep(client);
    keep(inner);
    pipeline(client, inner, () => {});
    pipeline(inner, client, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passTo: (port) => {
      target = port;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
