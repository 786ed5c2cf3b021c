const utf8 = new TextEncoder();

/** Where a stream takes its events from, and who hears how much it holds and that it is closed. */
export interface EventStreamOptions {
  /** The next event that has not been sent; asked for when the page has taken what came before. */
  next(): string | undefined;
  /** What the stream holds has become so much more, or less. In bytes. */
  held(bytes: number): void;
  /** Called once, when the page is gone or the stream was closed. */
  closed(): void;
}

/**
 * Writes an event.
 *
 * @param event its name
 * @param data one line
 */
export const eventText = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`;

/**
 * A stream of server-sent events to one page. It holds what was given last, and nothing else: the next event is made when the
 * page has read that, so that a page that reads nothing keeps nothing in memory but what waits for its answers anyway.
 */
export class EventStream {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** The first event. */
  #first: string | undefined;
  /** Whether the page waits for more. */
  #isWanted = false;
  #heldBytes = 0;
  #givenAt = performance.now();

  /**
   * @param first the first event
   * @param options where the others come from
   */
  constructor(first: string | undefined, options: EventStreamOptions) {
    this.#first = first;
    this.#options = options;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#isWanted = true;
          this.#hold(0);
          this.wake();
        },
        cancel: () => this.#closed(),
      },
      { highWaterMark: 0 },
    );
  }

  /** For how long the page has not taken what it was given, in milliseconds. */
  get stalledMs(): number {
    return this.#isWanted ? 0 : performance.now() - this.#givenAt;
  }

  /** There may be something to send. */
  wake(): void {
    if (!this.#controller || !this.#isWanted) return;
    const text = this.#first ?? this.#options.next();
    this.#first = undefined;
    if (text !== undefined) this.#give(text);
  }

  /** Says that the stream lives, to a page that waits. */
  beat(): void {
    if (this.#isWanted) this.#give(':\n\n');
  }

  /**
   * Closes the stream. A page that has not taken what it was given is cut off: what is on its way to it is dropped.
   *
   * @param last said before the end to a page that waits
   */
  close(last?: string): void {
    const controller = this.#controller;
    if (!controller) return;
    const isWanted = this.#isWanted;
    if (isWanted && last !== undefined) this.#give(last);
    this.#closed();
    if (isWanted) controller.close();
    else controller.error(new Error('The stream was cut off.'));
  }

  #give(text: string): void {
    const bytes = utf8.encode(text);
    this.#isWanted = false;
    this.#givenAt = performance.now();
    this.#hold(bytes.byteLength);
    this.#controller?.enqueue(bytes);
  }

  #hold(bytes: number): void {
    this.#options.held(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #closed(): void {
    if (!this.#controller) return;
    this.#controller = undefined;
    this.#hold(0);
    this.#options.closed();
  }
}
