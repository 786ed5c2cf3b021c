import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PAGE_HEADER } from '../../src/relay/wire.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MIB = 1024 * 1024;
const PAGE = 'a'.repeat(48);

/** What a relay may use beside what is in its limits: buffers of sockets that have not been collected. In bytes. */
const SLACK = 24 * MIB;

/** A relay in a process of its own. */
async function startRelay() {
  const script = resolve(import.meta.dirname, 'relay-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script], { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The process has ended. ${errors}`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<Record<string, number>> => {
    const line = await Promise.race([lines.next(), ended]);
    if (line.done) return ended;
    return JSON.parse(line.value);
  };
  const { port = 0 } = await read();
  return {
    port,
    end: () => child.kill('SIGKILL'),
    origin: `http://127.0.0.1:${port}/relay`,
    /** The most memory that was used since it was last asked, in bytes. It rejects when the process has ended. */
    grown: async () => {
      child.stdin.write('\n');
      return (await read())['grown'] ?? Number.POSITIVE_INFINITY;
    },
  };
}

/** Sends the beginning of a request and so many bytes of a body, in chunks, as fast as they are taken. */
async function flood(port: number, head: readonly string[], bytes: number) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((settle) => socket.once('close', () => settle()));
  await once(socket, 'connect');
  socket.write(`${[...head, 'Host: localhost', 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n`);
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
  let sent = 0;
  for (; sent < bytes && !socket.destroyed; sent += 0x10000) {
    if (socket.write(chunk)) continue;
    await Promise.race([new Promise((settle) => socket.once('drain', settle)), closed]);
  }
  if (!socket.destroyed) socket.end('0\r\n\r\n');
  await closed;
  return { sent, status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]) };
}

describe('A page’s request ends or fills the process of a relay', () => {
  let relay: Awaited<ReturnType<typeof startRelay>>;
  beforeAll(async () => {
    relay = await startRelay();
  });
  afterAll(() => void relay.end());

  it.each([
    ['to /answers, over its limit', 'POST /relay/answers HTTP/1.1', [`${PAGE_HEADER}: ${PAGE}`], 413],
    ['to /answers, without a page', 'POST /relay/answers HTTP/1.1', [], 400],
    [
      'to /answers, of a stranger',
      'POST /relay/answers HTTP/1.1',
      [`${PAGE_HEADER}: ${PAGE}`, 'Cookie: stranger'],
      403,
    ],
    ['to /page', 'POST /relay/page HTTP/1.1', [], 200],
    ['to /page, of a stranger', 'POST /relay/page HTTP/1.1', ['Cookie: stranger'], 403],
    ['to /page, of another origin', 'POST /relay/page HTTP/1.1', ['Origin: https://evil.example'], 403],
    ['to /page, which ends it', 'DELETE /relay/page HTTP/1.1', [`${PAGE_HEADER}: ${PAGE}`], 204],
    ['to /page, by another method', 'PUT /relay/page HTTP/1.1', [], 405],
    ['to an unknown path', 'POST /elsewhere HTTP/1.1', [], 404],
    ['to an unknown path, by another method', 'GET /elsewhere HTTP/1.1', [], 404],
    ['to an unknown callback', `POST /relay/callback/${PAGE} HTTP/1.1`, [], 404],
    ['to an unknown callback, by another method', `PUT /relay/callback/${PAGE} HTTP/1.1`, [], 404],
  ])('by a body without an end %s', async (_where, line, headers, status) => {
    const answer = await flood(relay.port, [line, ...headers], 300 * MIB);
    expect(await relay.grown()).toBeLessThan(SLACK);
    expect(answer.status).toBe(status);
    // Whoever is not read is let go of.
    expect(answer.sent).toBeLessThan(300 * MIB);
    expect((await fetch(`${relay.origin}/nowhere`)).status).toBe(404);
  });

  it('by opening one page again and again, and reading nothing', async () => {
    const open = async (page?: string) => {
      const socket = connect(relay.port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {});
      const head = [
        'POST /relay/page HTTP/1.1',
        'Host: localhost',
        'Content-Length: 0',
        ...(page ? [`${PAGE_HEADER}: ${page}`] : []),
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      let text = '';
      for await (const data of socket.iterator({ destroyOnReturn: false })) {
        text += data;
        if (text.includes('event: page')) break;
      }
      socket.pause();
      return /"page":"([0-9a-f]+)","callback":"([^"]+)"/.exec(text) ?? [];
    };
    const [, page = '', callback = ''] = await open();
    // Half of what may wait for a page.
    for (const _ of [1, 2]) void fetch(callback, { method: 'POST', body: 'x'.repeat(MIB - 1024) }).catch(() => {});
    for (let opened = 0; opened < 40; opened++) await open(page);
    expect(await relay.grown()).toBeLessThan(SLACK);
  });

  it('by bodies in parts of a byte', async () => {
    const parts = Buffer.from('1\r\nx\r\n'.repeat(8_192));
    for (let connection = 0; connection < 4; connection++) {
      const socket = connect(relay.port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.write(`POST /relay/callback/${PAGE} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
      // Half of what may be sent, and no end.
      for (let sent = 0; sent < MIB / 2; sent += 8_192) {
        if (!socket.write(parts)) await once(socket, 'drain');
      }
    }
    expect(await relay.grown()).toBeLessThan(SLACK);
  });
});
