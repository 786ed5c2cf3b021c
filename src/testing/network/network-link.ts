import type { Socket } from 'node:net';

/** The faults that all connections of a network share. */
export interface NetworkFaults {
  /** How long every chunk is held, in milliseconds. */
  delayMs: number;
  /** How much the next connection that carries data from the target may still pass, in bytes. */
  truncateAfter: number | undefined;
}

/** How long a client whose connection is to be reset may take for its first words, in milliseconds. */
const FIRST_WORDS_MS = 20;

/**
 * Resets a client's connection, after its first words if there were none: Node's `fetch` never settles when its
 * connection is reset between its opening and the request.
 */
export function resetClient(client: Socket): void {
  if (client.bytesRead > 0 || client.destroyed) {
    reset(client);
    return;
  }
  const timer = setTimeout(() => reset(client), FIRST_WORDS_MS);
  client.once('data', () => reset(client));
  client.once('close', () => clearTimeout(timer));
}

function reset(socket: Socket): void {
  // Node cannot reset a socket whose last words are on their way: it would leak.
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

/** One direction of a connection: what comes from one socket goes to the other, late where that is wanted. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #faults: NetworkFaults;
  readonly #pass: (chunk: Buffer) => void;
  /** What waits for its time; the end of the stream is `undefined`. */
  #queue: { chunk: Buffer | undefined; due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  ended = false;

  constructor(from: Socket, to: Socket, faults: NetworkFaults, pass: (chunk: Buffer) => void) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    this.#pass = pass;
    from.on('data', (chunk: Buffer) => this.#add(chunk));
    from.on('end', () => {
      this.ended = true;
      this.#add(undefined);
    });
    to.on('drain', () => from.resume());
  }

  /** Passes on what is due. */
  flush(now = Date.now()): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next !== undefined && next.due <= now; next = this.#queue[0]) {
      this.#queue.shift();
      if (next.chunk === undefined) this.#to.end();
      else this.#pass(next.chunk);
    }
    const [waiting] = this.#queue;
    if (waiting !== undefined) this.#timer = setTimeout(() => this.flush(), waiting.due - now);
  }

  /** Writes to the other side, at the pace at which it reads. */
  write(chunk: Buffer, written?: () => void): void {
    if (!this.#to.write(chunk, written)) this.#from.pause();
  }

  /** Passes nothing more. What still comes is read and thrown away. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    clearTimeout(this.#timer);
    this.#from.resume();
  }

  #add(chunk: Buffer | undefined): void {
    if (this.#closed) return;
    this.#queue.push({ chunk, due: Date.now() + this.#faults.delayMs });
    this.flush();
  }
}

/** One connection through a test network: a client's socket, and the one to the target that belongs to it. */
export class Link {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #faults: NetworkFaults;
  readonly #there: Lane;
  readonly #back: Lane;
  /** How much it may still pass from the target, in bytes. */
  #left: number | undefined;
  #halfOpen = false;
  #isLost = false;

  /** @param gone called once both sockets are closed */
  constructor(client: Socket, target: Socket, faults: NetworkFaults, gone: () => void) {
    this.#client = client;
    this.#target = target;
    this.#faults = faults;
    this.#there = new Lane(client, target, faults, (chunk) => this.#there.write(chunk));
    this.#back = new Lane(target, client, faults, (chunk) => this.#answer(chunk));
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      // What is wrong with a socket ends it, and its end is all that matters here.
      socket.on('error', () => undefined);
      socket.on('end', () => this.#closeHalfOpen());
      socket.on('close', (failed) => {
        if (failed) this.lost();
        this.#closeHalfOpen();
        if (client.closed && target.closed) gone();
      });
    }
  }

  /** Is the client still there? */
  get open(): boolean {
    return !this.#isLost && !this.#client.destroyed && !this.#there.ended;
  }

  get halfOpen(): boolean {
    return this.#halfOpen;
  }

  /** The connection breaks: both sides are reset. A half-open one stays as it is. */
  lost(): void {
    if (this.#halfOpen || this.#isLost) return;
    this.#isLost = true;
    this.#closeLanes();
    resetClient(this.#client);
    reset(this.#target);
  }

  /** Turns it into a black hole for good. */
  makeHalfOpen(): void {
    if (this.#isLost) return;
    this.#halfOpen = true;
    this.#closeLanes();
  }

  /** Passes on what was held back, and takes back a truncation that is under way. */
  heal(): void {
    this.#left = undefined;
    this.#there.flush(Number.POSITIVE_INFINITY);
    this.#back.flush(Number.POSITIVE_INFINITY);
  }

  /** Closes both sides without a fault. */
  close(): void {
    this.#closeLanes();
    this.#client.destroy();
    this.#target.destroy();
  }

  /** Closes a half-open connection once both sides have given it up. Until then neither side learns of the other. */
  #closeHalfOpen(): void {
    const clientOver = this.#client.closed || this.#there.ended;
    const targetOver = this.#target.closed || this.#back.ended;
    if (this.#halfOpen && clientOver && targetOver) this.close();
  }

  #closeLanes(): void {
    this.#there.close();
    this.#back.close();
  }

  #answer(chunk: Buffer): void {
    if (this.#faults.truncateAfter !== undefined) {
      this.#left = this.#faults.truncateAfter;
      this.#faults.truncateAfter = undefined;
    }
    if (this.#left === undefined || chunk.length < this.#left) {
      if (this.#left !== undefined) this.#left -= chunk.length;
      this.#back.write(chunk);
      return;
    }
    const rest = chunk.subarray(0, this.#left);
    this.#closeLanes();
    // A reset overtakes what has not been handed to the system yet.
    if (rest.length === 0) this.lost();
    else this.#back.write(rest, () => this.lost());
  }
}
