import type { Request, Response } from 'express';

/** A state of a server that its pages see at once, by server-sent events. */
export class LiveState<T> {
  #state: T;
  readonly #pages = new Set<Response>();
  readonly #deserted: () => void;

  /** @param deserted called when the last page has gone */
  constructor(state: T, deserted: () => void = () => {}) {
    this.#state = state;
    this.#deserted = deserted;
  }

  get current(): T {
    return this.#state;
  }

  /** Changes a part of the state, and tells every page. */
  update(change: Partial<T>): void {
    this.#state = { ...this.#state, ...change };
    for (const page of this.#pages) this.#send(page);
  }

  /** Answers a page's `EventSource`. */
  stream(request: Request, response: Response): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    this.#pages.add(response);
    this.#send(response);
    request.on('close', () => {
      this.#pages.delete(response);
      if (this.#pages.size === 0) this.#deserted();
    });
  }

  #send(page: Response): void {
    page.write(`data: ${JSON.stringify(this.#state)}\n\n`);
  }
}
