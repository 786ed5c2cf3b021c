import { once } from 'node:events';
import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BODY, openSocket, openSubscription, sign, TOPIC } from '../callback/support.ts';

/** What docs/security.md recommends, ten times as fast. */
const QUICK: ServerOptions = { requestTimeout: 1_000, headersTimeout: 500, connectionsCheckingInterval: 20 };

/** A server with timeouts of its own, which closes with the test. */
async function listenWith(options: ServerOptions, listener: RequestListener) {
  const server = createServer(options, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** Sends the beginning of a request and no more, and resolves with what came until the server closed the connection. */
async function begin(port: number, text: string): Promise<string> {
  const { socket, closed } = await openSocket(port);
  let answer = '';
  socket.on('data', (data: string) => {
    answer += data;
  });
  socket.write(text);
  await closed;
  return answer;
}

describe('A body is sent slowly, or never to its end', () => {
  const head = (id: string, signature: string) =>
    `POST /${id} HTTP/1.1\r\nHost: a\r\nX-Hub-Signature: ${signature}\r\nContent-Length: ${BODY.length}\r\n\r\n`;

  it('and the server ends the connection after requestTimeout: nothing was delivered, and others were served meanwhile', async () => {
    const { endpoint, id, owner, secret } = await openSubscription();
    const { port, server } = await listenWith(QUICK, endpoint.node);
    const slow = Array.from({ length: 50 }, () => begin(port, `${head(id, sign(secret, BODY))}${BODY.slice(0, 20)}`));
    const signature = sign(secret, BODY);
    const post = () =>
      fetch(`http://127.0.0.1:${port}/${id}`, {
        method: 'POST',
        body: BODY,
        headers: { 'X-Hub-Signature': signature, Connection: 'close' },
      });
    expect((await post()).status).toBe(200);
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect((await post()).status).toBe(200);
    expect(owner.bodies).toEqual([BODY, BODY]);
    expect(endpoint.counts).toEqual({ delivered: 2 });
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
  });

  it('and a drop from time to time does not make it last longer', async () => {
    const { endpoint, id, owner, secret } = await openSubscription();
    const { port } = await listenWith(QUICK, endpoint.node);
    const { socket, closed } = await openSocket(port);
    let sent = 0;
    let text = '';
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.write(head(id, sign(secret, BODY)));
    const drops = setInterval(() => {
      if (sent < BODY.length - 1) socket.write(BODY.charAt(sent++));
    }, 50);
    await closed;
    clearInterval(drops);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(sent).toBeLessThan(BODY.length);
    expect(owner).toMatchObject({ bodies: [], errors: [] });
  });

  it('and headers that do not end are cut off after headersTimeout', async () => {
    const { endpoint, id, owner } = await openSubscription();
    const { port } = await listenWith(QUICK, endpoint.node);
    expect(await begin(port, `POST /${id} HTTP/1.1\r\nHost: a\r\nX-Slow: `)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await begin(port, '')).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect([owner.bodies, endpoint.counts]).toEqual([[], {}]);
  });
});

describe('A header, a query or a body is giant', () => {
  it('and node refuses headers over 16 KiB before the endpoint sees them', async () => {
    const { endpoint, id } = await openSubscription();
    const { port } = await listenWith({}, endpoint.node);
    const big = 'a'.repeat(20_000);
    const request = (line: string, header: string) =>
      `${line} HTTP/1.1\r\nHost: a\r\n${header}\r\nContent-Length: 0\r\n\r\n`;
    for (const text of [
      request(`POST /${id}`, `X-Hub-Signature: sha256=${big}`),
      request(`POST /${id}`, `${big}: 1`),
      request(`POST /${id}`, 'X-A: 1\r\n'.repeat(20_000).trim()),
      request(`GET /${id}?hub.challenge=${big}`, 'X-A: 1'),
    ])
      expect(await begin(port, text)).toMatch(/^HTTP\/1\.1 431 /);
    expect(endpoint.counts).toEqual({});
  });

  it('and elsewhere, where nothing limits them, they are refused for what they are', async () => {
    const { endpoint, id, owner } = await openSubscription();
    const giant = 'ab'.repeat(2_000_000);
    const url = `https://app.example.org/${id}`;
    for (const signature of [`sha256=${giant}`, `${giant}=00`, giant, ' '.repeat(1_000_000) + giant]) {
      const request = { method: 'POST', query: '', signature, body: Buffer.from(BODY) };
      expect(await endpoint.handle(id, request)).toMatchObject({ status: 401 });
    }
    const query = `hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=${giant}`;
    expect((await endpoint.fetch(new Request(`${url}?${query}`))).status).toBe(404);
    const many = Array.from({ length: 100_000 }, (_, i) => `a${i}=1`).join('&');
    expect((await endpoint.fetch(new Request(`${url}?${many}`))).status).toBe(404);
    expect(owner.bodies).toEqual([]);
  });

  it('and a body over the limit is 413 without being read to its end', async () => {
    const { endpoint, id, owner } = await openSubscription({ bodyLimit: 1_000 });
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 500;
        controller.enqueue(new Uint8Array(500));
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
    expect((await endpoint.fetch(new Request(`https://app.example.org/${id}`, init))).status).toBe(413);
    expect(pulled).toBeLessThan(5_000);
    expect(owner.codes).toEqual(['notification-too-large']);
  });
});
