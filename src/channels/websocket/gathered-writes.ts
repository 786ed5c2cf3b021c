/** The connection below a websocket, as Node has it. */
interface Corkable {
  cork(): void;
  uncork(): void;
}

/** Node's `ws` tells of the connection when it opens. Pages tell of none. */
interface NodeSocket {
  ping?: unknown;
  on?(event: 'upgrade', listener: (response?: { readonly socket?: Partial<Corkable> }) => void): void;
}

/** An answer waits no longer for the next one: listeners may take their time. In milliseconds. */
const LONGEST_MS = 10;

/**
 * Makes one write of all that is sent before the event loop turns: the answers to the events of one read. Where the platform
 * does not tell of its connection, each frame is written by itself.
 */
export class GatheredWrites {
  #connection: Corkable | undefined;
  /** When the first frame that waits was sent, in milliseconds since 1970; `undefined` while none waits. */
  #since: number | undefined;

  /** @param socket a websocket that has not opened yet */
  constructor(socket: object) {
    const { ping } = socket as NodeSocket;
    // What an app opens by itself may be anything.
    if (typeof ping !== 'function') return;
    (socket as NodeSocket).on?.('upgrade', (response) => {
      const connection = response?.socket;
      if (connection?.cork && connection.uncork) this.#connection = connection as Corkable;
    });
  }

  /** Called before a frame is sent: it waits for the others of this turn. */
  gather(): void {
    const connection = this.#connection;
    if (!connection) return;
    const now = Date.now();
    if (this.#since === undefined) {
      connection.cork();
      // It runs when all frames of the read have been taken.
      queueMicrotask(() => {
        this.#since = undefined;
        connection.uncork();
      });
    } else if (now - this.#since < LONGEST_MS) {
      return;
    } else {
      connection.uncork();
      connection.cork();
    }
    this.#since = now;
  }
}
