import WebSocket from 'isomorphic-ws';
import type { WebSocketFactory, WebSocketLike } from '../../src/index.ts';

/** What became of the notifications of one id. */
interface Tally {
  readonly arrived: number;
  /** How many arrived in part. They may be answered. */
  readonly torn: number;
  readonly answered: number;
}

const NOTHING: Tally = { arrived: 0, torn: 0, answered: 0 };

/** What went over one socket. */
interface Traffic {
  readonly socket: WebSocket;
  /** What became of the notifications, by the event's id. */
  readonly tally: Map<string, Tally>;
}

/** Counts notifications and answers on the websockets of an app, at the sockets themselves. */
export class SocketTap {
  readonly #traffic: Traffic[] = [];
  readonly #breached: (what: string) => void;
  readonly #changed: () => void;

  /**
   * @param breached called with what must not be
   * @param changed called after every answer, and when a socket is closed
   */
  constructor(breached: (what: string) => void, changed: () => void) {
    this.#breached = breached;
    this.#changed = changed;
  }

  /** How many sockets are listened to. */
  get held(): number {
    return this.#traffic.filter(({ socket }) => socket.readyState <= socket.OPEN && socket.onmessage !== null).length;
  }

  /** What arrived on sockets that are still open and has not been answered. */
  get unanswered(): readonly string[] {
    return this.#traffic
      .filter(({ socket }) => socket.readyState === socket.OPEN && socket.onmessage !== null)
      .flatMap(({ tally }) => [...tally].filter(([, { arrived, answered }]) => answered < arrived).map(([id]) => id));
  }

  /** Opens a socket that is watched. */
  readonly open: WebSocketFactory = (url) => {
    const socket = new WebSocket(url);
    const traffic: Traffic = { socket, tally: new Map() };
    this.#traffic.push(traffic);
    // Added before the client's own listener, and so called before it.
    socket.addEventListener('message', ({ data }) => {
      // What a client does not hear any more did not reach it.
      if (socket.onmessage !== null) this.#arrived(traffic, textOf(data));
    });
    socket.addEventListener('close', () => this.#changed());
    const send = socket.send.bind(socket);
    const tapped: WebSocketLike['send'] = (data) => {
      this.#sent(traffic, data);
      send(data);
    };
    return Object.assign(socket, { send: tapped }) as unknown as WebSocketLike;
  };

  #arrived({ tally }: Traffic, text: string): void {
    const { id, event } = objectIn(text);
    const torn = /"id":"([^"]+)"/.exec(text)?.[1];
    if (typeof id === 'string' && event !== undefined) {
      const count = tally.get(id) ?? NOTHING;
      tally.set(id, { ...count, arrived: count.arrived + 1 });
    } else if (torn !== undefined) {
      const count = tally.get(torn) ?? NOTHING;
      tally.set(torn, { ...count, torn: count.torn + 1 });
    }
  }

  #sent({ socket, tally }: Traffic, text: string): void {
    const { id } = objectIn(text);
    if (typeof id !== 'string') return;
    const count = tally.get(id) ?? NOTHING;
    const answered = count.answered + 1;
    tally.set(id, { ...count, answered });
    const name = `#${id.slice(0, 8)}`;
    if (socket.readyState !== socket.OPEN) this.#breached(`${name} was answered on a socket that was gone`);
    if (answered > count.arrived + count.torn)
      this.#breached(`${name} arrived ${count.arrived} times and was answered ${answered} times`);
    this.#changed();
  }
}

/** Some hubs send their JSON in binary frames. */
const textOf = (data: unknown): string =>
  data instanceof ArrayBuffer || data instanceof Uint8Array ? new TextDecoder().decode(data) : String(data);

function objectIn(text: string): { id?: unknown; event?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
