import type { WebSocket } from 'ws';
import type { DeliveryLabel } from '../ground/delivery.ts';
import type { HubMessageEntry, HubMessageKind, Recorder } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';

/** What a websocket delivery needs of the hub. */
export interface WebSocketSettings {
  record: Recorder;
  /** What the hub does, point by point. */
  traits: HubTraits;
  /** How long a subscriber may take to answer, in milliseconds. */
  answerTimeoutMs: number;
}

/** What happens to a socket. */
export interface SocketEvents {
  opened(): void;
  /** @returns whether the hub waited for this very frame, which is no answer then */
  frame(text: string): boolean;
  /** @param code the close code; 1006 when the connection was cut */
  closed(code: number): void;
}

/** Talks through one websocket endpoint, which has a socket or not; never more than one at a time. */
export class WebSocketDelivery {
  readonly channel = 'websocket';
  /** `hub.channel.endpoint`. */
  readonly endpoint: string;
  readonly #settings: WebSocketSettings;
  /** Who waits for the answer to which event; a repeated id waits in line. */
  readonly #waiting = new Map<string, ((status: number | undefined) => void)[]>();
  #socket: WebSocket | undefined;
  #wasAttached = false;

  constructor(endpoint: string, settings: WebSocketSettings) {
    this.endpoint = endpoint;
    this.#settings = settings;
  }

  /** The path of the endpoint. */
  get path(): string {
    return new URL(this.endpoint).pathname;
  }

  /** Has a socket ever opened at the endpoint? */
  get wasAttached(): boolean {
    return this.#wasAttached;
  }

  /** Has a socket opened at the endpoint, which is not gone yet? */
  get attached(): boolean {
    return this.#socket !== undefined;
  }

  /** Is there a socket that can take a frame? */
  get open(): boolean {
    return this.#socket !== undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Takes the socket that opened at the endpoint. */
  attach(socket: WebSocket, label: DeliveryLabel, events: SocketEvents): void {
    this.#release();
    this.#socket = socket;
    this.#wasAttached = true;
    const entry = { channel: 'websocket', ...label } as const;
    if (this.#settings.traits.frames === 'answers')
      socket.on('message', (data, isBinary) => {
        const text = isBinary ? '' : data.toString();
        if (events.frame(text)) this.#settings.record({ direction: 'in', kind: 'endpoint', body: text, ...entry });
        else this.#received(text, label);
      });
    // What is wrong with a frame ends the socket, and its close code says so.
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.#settings.record({ direction: 'in', kind: 'disconnect', status: code, ...entry });
      if (socket !== this.#socket) return;
      this.#release();
      events.closed(code);
    });
    this.#settings.record({ direction: 'in', kind: 'connect', ...entry });
    events.opened();
  }

  /** Sends a frame that needs no answer, such as a confirmation or a denial. */
  send(kind: HubMessageKind, body: string, label: DeliveryLabel): void {
    if (!this.open) return;
    this.#settings.record({ direction: 'out', kind, channel: 'websocket', body, ...label });
    this.#socket?.send(body, { binary: this.#settings.traits.frameType === 'binary' });
  }

  /**
   * Sends a notification: text as a text frame unless the hub sends binary ones, bytes as a binary one.
   *
   * @returns the status in the answer, or `undefined` when none came
   */
  notify(
    body: string | Uint8Array,
    label: DeliveryLabel,
    { timeoutMs = this.#settings.answerTimeoutMs } = {},
  ): Promise<number | undefined> {
    const socket = this.#socket;
    if (socket === undefined || !this.open) return Promise.resolve(undefined);
    this.#settings.record({
      direction: 'out',
      kind: 'notify',
      channel: 'websocket',
      body: Buffer.from(body).toString(),
      ...label,
    });
    const eventId = this.#settings.traits.answers === 'awaited' ? label.eventId : undefined;
    const answered = eventId === undefined ? Promise.resolve(undefined) : this.#answerTo(eventId, label, timeoutMs);
    socket.send(body, { binary: typeof body !== 'string' || this.#settings.traits.frameType === 'binary' });
    return answered;
  }

  /**
   * Waits for the answer to a notification that was lost on its way.
   *
   * @returns `undefined`, when the time for an answer is over or the socket is gone
   */
  async waitInVain(label: DeliveryLabel): Promise<undefined> {
    const { eventId } = label;
    if (eventId !== undefined && this.open) await this.#answerTo(eventId, label, this.#settings.answerTimeoutMs);
  }

  /**
   * Closes the socket, if there is one.
   *
   * @param code default none: the other side sees 1005
   */
  close(code?: number, reason = ''): void {
    this.#socket?.close(code, reason);
  }

  /** The connection breaks without a close frame: the other side sees 1006. The endpoint is free at once. */
  lost(): void {
    const socket = this.#socket;
    this.#release();
    socket?.terminate();
  }

  /** Lets go of the socket: nobody can answer through it any more. */
  #release(): void {
    this.#socket = undefined;
    for (const id of [...this.#waiting.keys()]) while (this.#settle(id, undefined));
  }

  #answerTo(id: string, label: DeliveryLabel, timeoutMs: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const line = this.#waiting.get(id) ?? [];
        this.#waiting.set(
          id,
          line.filter((other) => other !== settle),
        );
        settle(undefined);
      }, timeoutMs);
      timer.unref?.();
      const settle = (status: number | undefined): void => {
        clearTimeout(timer);
        if (status === undefined) {
          this.#settings.record({ direction: 'in', kind: 'answer', about: 'notify', channel: 'websocket', ...label });
        }
        resolve(status);
      };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), settle]);
    });
  }

  #settle(id: string, status: number | undefined): boolean {
    const [next, ...rest] = this.#waiting.get(id) ?? [];
    if (rest.length > 0) this.#waiting.set(id, rest);
    else this.#waiting.delete(id);
    next?.(status);
    return next !== undefined;
  }

  #received(body: string, label: DeliveryLabel): void {
    const entry = { direction: 'in', channel: 'websocket', body, ...label } as const;
    const answer = parseAnswer(body);
    // A hub that wants 200 alone takes an answer without a status for a refusal.
    const statusless = answer !== undefined && answer.status === undefined;
    if (answer === undefined || (statusless && this.#settings.traits.followedBy !== '200')) {
      this.#settings.record({ ...entry, kind: 'malformed' });
      return;
    }
    const message: HubMessageEntry = {
      ...entry,
      kind: 'answer',
      about: 'notify',
      eventId: answer.id,
      ...(answer.status === undefined ? {} : { status: answer.status }),
    };
    this.#settings.record(message);
    this.#settle(answer.id, answer.status);
  }
}

/** `{"id", "status"}`; the status is a number in STU3's table and a text in its examples. */
function parseAnswer(body: string): { id: string; status?: number } | undefined {
  try {
    const frame: unknown = JSON.parse(body);
    if (typeof frame !== 'object' || frame === null || !('id' in frame) || typeof frame.id !== 'string')
      return undefined;
    if (!('status' in frame)) return { id: frame.id };
    const status = Number(frame.status);
    return Number.isInteger(status) ? { id: frame.id, status } : undefined;
  } catch {
    return undefined;
  }
}
