const utf8 = new TextEncoder();

/** A stream of server-sent events to one page. */
export class EventStream {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #onEnd: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  /** @param onEnd called once, when the page is gone or the stream was closed */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#end(),
    });
  }

  /**
   * Sends an event.
   *
   * @param event its name
   * @param data one line
   */
  send(event: string, data: string): void {
    this.#write(`event: ${event}\ndata: ${data}\n\n`);
  }

  /** Says that the stream lives. */
  beat(): void {
    this.#write(':\n\n');
  }

  /** Ends the stream. */
  close(): void {
    const controller = this.#controller;
    if (!controller) return;
    this.#end();
    controller.close();
  }

  #write(text: string): void {
    this.#controller?.enqueue(utf8.encode(text));
  }

  #end(): void {
    if (!this.#controller) return;
    this.#controller = undefined;
    this.#onEnd();
  }
}
