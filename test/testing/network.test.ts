import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestNetwork } from '../../src/testing/index.ts';
import { outcomeOf } from './support.ts';

/** A server behind a network; both end with the test. */
async function openNetwork() {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    accepted.push(socket);
    server.emit('accepted', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const network = await startTestNetwork(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await network.close();
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  /** A client's socket to the network. */
  const dial = () => {
    const socket = connect({ port: Number(new URL(network.origin).port), host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.on('error', resolve));
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    return { socket, failed, closed, received: collect(socket) };
  };
  /** Both ends of a connection through the network. */
  const join = async () => {
    const arrival = once(server, 'accepted');
    const client = dial();
    const [target] = (await arrival) as [Socket];
    const closed = new Promise<void>((resolve) => target.on('close', () => resolve()));
    return { client, target: { socket: target, closed, received: collect(target) } };
  };
  return { network, dial, join };
}

/** What a socket received, to be waited for. */
function collect(socket: Socket) {
  let text = '';
  let wake = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  return {
    get text() {
      return text;
    },
    async until(expected: string): Promise<void> {
      while (text !== expected) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Proves by a new connection that whatever else was on its way had the time to arrive. */
async function settle(join: Awaited<ReturnType<typeof openNetwork>>['join']): Promise<void> {
  const { client, target } = await join();
  for (let round = 1; round <= 5; round += 1) {
    client.socket.write('.');
    await target.received.until('.'.repeat(round));
    target.socket.write('.');
    await client.received.until('.'.repeat(round));
  }
  client.socket.end();
  target.socket.end();
  await Promise.all([client.closed, target.closed]);
}

describe('a network without faults', () => {
  it('passes everything both ways, and ends', async () => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    client.socket.write('question');
    await target.received.until('question');
    expect(network.connections).toBe(1);
    client.socket.end('!');
    await target.received.until('question!');
    target.socket.end('answer');
    await client.closed;
    expect(client.received.text).toBe('answer');
    await target.closed;
    expect(network.connections).toBe(0);
  });

  it('passes what is larger than any buffer to a reader who is slow', async () => {
    const { join } = await openNetwork();
    const { client, target } = await join();
    const text = 'x'.repeat(32 * 1024 * 1024);
    target.socket.pause();
    client.socket.write(text);
    await settle(join);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    target.socket.resume();
    await target.received.until(text);
  });

  it('tells each side when the other resets', async () => {
    const { join } = await openNetwork();
    const one = await join();
    one.target.socket.resetAndDestroy();
    expect((await one.client.failed).code).toBe('ECONNRESET');
    const other = await join();
    other.client.socket.resetAndDestroy();
    await other.target.closed;
  });

  it('resets its clients when there is nothing behind it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const network = await startTestNetwork(`http://127.0.0.1:${port}`);
    onTestFinished(() => network.close());
    for (let round = 0; round < 10; round += 1) await expect(fetch(network.origin)).rejects.toThrow();
    expect(network.connections).toBe(0);
  });

  it('needs an http origin', async () => {
    await expect(startTestNetwork('https://hub.example')).rejects.toThrow(TypeError);
    await expect(startTestNetwork('hub')).rejects.toThrow(TypeError);
  });
});

describe('a fault', () => {
  it('refuse: new connections are reset, until healed; others are fine', async () => {
    const { network, dial, join } = await openNetwork();
    const { client, target } = await join();
    network.refuse();
    const [silent, speaking] = [dial(), dial()];
    speaking.socket.write('?');
    expect([(await silent.failed).code, (await speaking.failed).code]).toEqual(['ECONNRESET', 'ECONNRESET']);
    await expect(fetch(network.origin)).rejects.toThrow();
    client.socket.write('still here');
    await target.received.until('still here');
    expect(network.connections).toBe(1);
    network.heal();
    await settle(join);
  });

  it('delay: chunks come late, and at once when healed', async () => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    network.delay(60);
    const from = performance.now();
    client.socket.write('late');
    await target.received.until('late');
    target.socket.write('later');
    await client.received.until('later');
    // Timers may fire up to a millisecond early.
    expect(performance.now() - from).toBeGreaterThanOrEqual(118);
    network.delay(3_600_000);
    client.socket.end(', and very late');
    await join();
    network.delay(0);
    await settle(join);
    expect(target.received.text).toBe('late');
    network.heal();
    await target.received.until('late, and very late');
    await once(target.socket, 'end');
  });

  it('delay: keeps the order, whatever the delays', async () => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    let sent = '';
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 8 }), async (delays) => {
        for (const [index, ms] of delays.entries()) {
          network.delay(ms);
          sent += index;
          await new Promise<void>((resolve) => client.socket.write(String(index), () => resolve()));
        }
        await target.received.until(sent);
      }),
      { numRuns: 15 },
    );
  });

  it('cut: both sides are reset; new connections are fine', async () => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    network.cut();
    expect((await client.failed).code).toBe('ECONNRESET');
    await target.closed;
    expect(network.connections).toBe(0);
    await settle(join);
  });

  it('halfOpen: nothing passes, nothing fails, nothing heals it; new connections are fine', async () => {
    const { network, join } = await openNetwork();
    const [one, other] = [await join(), await join()];
    network.halfOpen();
    one.client.socket.write('lost');
    one.target.socket.write('lost');
    one.target.socket.resetAndDestroy();
    other.client.socket.end('lost');
    network.cut();
    network.heal();
    await settle(join);
    expect([one.client.received.text, other.target.received.text]).toEqual(['', '']);
    expect([one.client.socket.closed, one.client.socket.readableEnded]).toEqual([false, false]);
    expect([other.target.socket.closed, other.target.socket.readableEnded]).toEqual([false, false]);
    expect(other.client.socket.readableEnded).toBe(false);
    // One client gave up; the other does not know yet.
    expect(network.connections).toBe(1);
    other.target.socket.end();
    await Promise.all([other.client.closed, other.target.closed]);
    one.client.socket.end();
    await one.client.closed;
    expect(network.connections).toBe(0);
  });

  it.each([0, 1, 4, 9])('truncate: passes %i bytes more, and cuts', async (bytes) => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    network.truncate(bytes);
    client.socket.write('what the client sends does not count');
    await target.received.until('what the client sends does not count');
    for (const chunk of ['012', '345', '678', '9']) target.socket.write(chunk);
    // A reset that comes with the last data looks like an end to Node.
    await Promise.race([client.failed, once(client.socket, 'end')]);
    await target.closed;
    expect(client.received.text).toBe('0123456789'.slice(0, bytes));
    await settle(join);
  });

  it('truncate: is taken back by healing, before it began and after', async () => {
    const { network, join } = await openNetwork();
    const { client, target } = await join();
    network.truncate(1);
    network.heal();
    target.socket.write('123');
    await client.received.until('123');
    network.truncate(2);
    target.socket.write('4');
    await client.received.until('1234');
    network.heal();
    target.socket.write('567');
    await client.received.until('1234567');
  });
});

describe('closing a network', () => {
  it('ends connections, half-open ones included, and takes no more', async () => {
    const { network, dial, join } = await openNetwork();
    const [one, other] = [await join(), await join()];
    network.halfOpen();
    const another = await join();
    await network.close();
    await Promise.all(
      [one, other, another].map(({ target }) => Promise.race([target.closed, once(target.socket, 'end')])),
    );
    expect(network.connections).toBe(0);
    expect((await dial().failed).code).toBe('ECONNREFUSED');
    await network.close();
  });

  it('keeps no process alive, with chunks held and connections dead', async () => {
    const program = `
      import { once } from 'node:events';
      import { connect, createServer } from 'node:net';
      import { startTestNetwork } from './src/testing/index.ts';
      const server = createServer((socket) => socket.unref().on('error', () => {}).on('data', (data) => socket.write(data)));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      server.unref();
      const network = await startTestNetwork('http://127.0.0.1:' + server.address().port);
      const dial = async () => {
        const socket = connect(new URL(network.origin).port, '127.0.0.1').on('error', () => {});
        socket.write('x');
        await once(socket, 'data');
        return socket;
      };
      (await dial()).unref();
      network.halfOpen();
      const socket = await dial();
      network.delay(3_600_000);
      await new Promise((resolve) => socket.write('y', resolve));
      network.refuse();
      network.truncate(1);
      await network.close();
      console.log('closed');
    `;
    expect(await outcomeOf(program)).toEqual([0, 'closed\n']);
  }, 20_000);
});
