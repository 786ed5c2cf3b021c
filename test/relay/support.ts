import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createParser } from 'eventsource-parser';
import { onTestFinished, vi } from 'vitest';
import { createRelay, type Relay, type RelayOptions } from '../../src/relay/index.ts';
import { PAGE_HEADER, type PageMessage, parsePage, parseRequest, type RequestMessage } from '../../src/relay/wire.ts';

// Some of it waits for a relay that is gone.
vi.setConfig({ testTimeout: 30_000 });

/** A door to the network that can be shut. */
export interface Door {
  readonly url: string;
  readonly server: Server;
  /** Breaks every connection; what comes is refused until {@link Door.open}. */
  shut(): void;
  open(): void;
}

/** A server whose connections can be broken. */
export async function openDoor(listener: Parameters<typeof createServer>[1]): Promise<Door> {
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer(listener);
  server.on('connection', (socket) => {
    if (isShut) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    shut() {
      isShut = true;
      for (const socket of sockets) socket.destroy();
    },
    open() {
      isShut = false;
    },
  };
}

export interface OpenRelay extends Door {
  readonly relay: Relay;
  /** Another way to it, for pages. */
  readonly pages: Door;
}

/** A relay on a port of its own. */
export async function openRelay(options: Partial<RelayOptions> = {}): Promise<OpenRelay> {
  let relay: Relay | undefined;
  const listener: Parameters<typeof createServer>[1] = (request, response) => relay?.node(request, response);
  const [door, pages] = [await openDoor(listener), await openDoor(listener)];
  relay = createRelay({ baseUrl: door.url, ...options });
  const made = relay;
  onTestFinished(() => made.close(0));
  return { ...door, relay, pages };
}

const WITHIN = { timeout: 10_000, interval: 5 };

/** A page as the relay sees it. */
export class RawPage {
  readonly requests: RequestMessage[] = [];
  readonly pages: PageMessage[] = [];
  readonly url: string;
  isReplaced = false;
  isEnded = false;
  readonly #stop = new AbortController();

  constructor(url: string) {
    this.url = url;
  }

  get page(): string {
    return this.pages.at(-1)?.page ?? '';
  }

  get callback(): string {
    return this.pages.at(-1)?.callback ?? '';
  }

  /** The texts of the bodies that came. */
  get bodies(): string[] {
    return this.requests.map(({ request: { body } }) =>
      typeof body === 'string' ? body : new TextDecoder().decode(body),
    );
  }

  async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'page') this.pages.push(parsePage(data) as PageMessage);
        else if (event === 'request') this.requests.push(parseRequest(data) as RequestMessage);
        else if (event === 'replaced') this.isReplaced = true;
      },
    });
    const utf8 = new TextDecoder();
    try {
      for await (const chunk of body) parser.feed(utf8.decode(chunk, { stream: true }));
    } catch {
      // The connection was broken.
    }
    this.isEnded = true;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Goes away without a word. */
  leave(): void {
    this.#stop.abort();
  }

  /** Answers a request, at any relay. */
  async answer(at: number, status = 200, body = '', url = this.url): Promise<number> {
    const id = this.requests[at]?.id;
    return (await ask(`${url}/answers`, this.page, { method: 'POST', body: JSON.stringify({ id, status, body }) }))
      .status;
  }

  /** Waits until so many requests have come. */
  async has(count: number): Promise<void> {
    await vi.waitFor(() => {
      if (this.requests.length < count) throw new Error(`${this.requests.length} of ${count} requests`);
    }, WITHIN);
  }

  async ended(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.isEnded) throw new Error('The stream has not ended.');
    }, WITHIN);
  }
}

/** A request of a page. */
export const ask = (url: string, page: string | undefined, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, headers: { ...(page ? { [PAGE_HEADER]: page } : {}), ...(init.headers as object) } });

/** Opens a page, or the same page again. */
export async function openPage(url: string, page?: string): Promise<RawPage> {
  const raw = new RawPage(url);
  onTestFinished(() => raw.leave());
  const response = await ask(`${url}/page`, page, { method: 'POST', signal: raw.signal });
  if (!response.ok || !response.body) throw new Error(`The relay answered ${response.status}.`);
  void raw.read(response.body);
  await vi.waitFor(() => {
    if (raw.pages.length === 0) throw new Error('The page is not open.');
  }, WITHIN);
  return raw;
}

/** A hub's notification. */
export const post = (url: string, body: string, signature = 'sha256=00'): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { 'X-Hub-Signature': signature, 'Content-Type': 'application/json' } });

/** A hub's signature. */
export const sign = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** A place for secrets, such as a browser has. */
export class MemoryStorage {
  readonly entries = new Map<string, string>();
  getItem(name: string): string | null {
    return this.entries.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.entries.set(name, value);
  }
  removeItem(name: string): void {
    this.entries.delete(name);
  }
}
