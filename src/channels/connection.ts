import { ChannelError, FhircastError, NotificationError, SubscriptionDeniedError } from '../errors.ts';
import type { Habits } from '../hub/dialects/dialect.ts';
import type { Recorder } from '../hub/protocol.ts';
import { after } from '../timers.ts';
import { statusFor } from './acknowledgement.ts';
import type { ChannelSink, Grant } from './channel.ts';
import { parseControlFrame } from './frame.ts';
import { cut, dispose, OPEN, onPong, ping, type WebSocketFactory, type WebSocketLike } from './socket.ts';

/** What a connection needs. */
export interface ConnectionOptions {
  /** The hub's `hub.channel.endpoint`. */
  readonly endpoint: string;
  /** Where the socket is opened. */
  readonly url: string;
  /** How long the hub may take to confirm, in milliseconds. */
  readonly confirmWithinMs: number;
  readonly openSocket: WebSocketFactory;
  readonly record: Recorder;
  readonly sink: Pick<ChannelSink, 'alive' | 'rejected' | 'granted' | 'notification'>;
  /** What the hub needs, as far as is known at the moment. */
  habits(): Habits;
  /** The hub showed by a frame what it needs. */
  learn(habits: Partial<Habits>): void;
  /** Whether a topic that the hub wrote is ours. */
  isOurs(topic: string | undefined): boolean;
  /** The hub confirmed. Called at once, because more may be in the same packet. */
  confirmed(): void;
  /** The hub ended the confirmed subscription. */
  denied: ChannelSink['denied'];
  /** The confirmed connection is gone without our doing. */
  lost(error: ChannelError): void;
}

/** More than any event that a hub sends. In characters. */
const FRAME_LIMIT = 16 * 1024 * 1024;

/** One socket, from its endpoint to its end. Nothing is called back after {@link Connection.end}. */
export class Connection {
  /** The hub's `hub.channel.endpoint`. */
  readonly endpoint: string;
  /** The hub was asked for a subscription that it has not confirmed here. */
  isAwaited = true;
  readonly #options: ConnectionOptions;
  #socket: WebSocketLike | undefined;
  #confirmed = false;
  /** Gives up the attempt to connect. */
  #fail: ((error: FhircastError) => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
  }

  /** Whether the hub has confirmed, and frames can be sent. */
  get isOpen(): boolean {
    return this.#confirmed && this.#socket?.readyState === OPEN;
  }

  /**
   * Opens the socket and waits for the hub's confirmation.
   *
   * @throws ChannelError `channel-not-opened`, `confirmation-timeout`, `channel-endpoint-invalid`
   * @throws SubscriptionDeniedError when the hub denies in place of confirming
   * @throws FhircastError `aborted`
   */
  open(signal: AbortSignal): Promise<Grant> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#fail = undefined;
      };
      const fail = (error: FhircastError) => {
        settle();
        this.end();
        reject(error);
      };
      const aborted = () => fail(new FhircastError('aborted'));
      const timer = after(this.#options.confirmWithinMs, () =>
        fail(new ChannelError('confirmation-timeout', { retryable: true })),
      );
      this.#fail = fail;
      signal.addEventListener('abort', aborted);
      if (signal.aborted) return aborted();
      try {
        this.#socket = this.#options.openSocket(this.#options.url);
      } catch {
        // The platform's own error quotes the URL.
        return fail(new ChannelError('channel-endpoint-invalid'));
      }
      this.#listen(this.#socket, (grant) => {
        settle();
        this.#confirmed = true;
        this.#options.confirmed();
        resolve(grant);
      });
    });
  }

  /** Asks the hub for a sign of life; `false` where that cannot be done. */
  ping(): boolean {
    return this.#socket !== undefined && ping(this.#socket);
  }

  /** Hears nothing any more. The socket stays, for a hub that would take its end for the end of the subscription. */
  mute(): void {
    if (this.#socket) this.#socket.onmessage = this.#socket.onclose = null;
  }

  /**
   * Lets go of the socket. Idempotent.
   *
   * @param isDead whether the other side does not answer any more
   */
  end(isDead = false): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) dispose(socket);
    if (socket && isDead) cut(socket);
    this.#fail?.(new FhircastError('aborted'));
  }

  #listen(socket: WebSocketLike, confirmed: (grant: Grant) => void): void {
    const { record, sink } = this.#options;
    // Attached before the socket opens: some hubs confirm in the same packet as the handshake.
    socket.onopen = () => {
      record({ direction: 'out', via: 'websocket', kind: 'socket-open' });
      if (this.#socket !== socket) return;
      const { sendsEndpoint, confirms } = this.#options.habits();
      if (sendsEndpoint) socket.send(JSON.stringify({ 'hub.channel.endpoint': this.endpoint }));
      if (!confirms && !this.#confirmed) confirmed({ events: undefined, leaseSeconds: undefined });
    };
    // `onclose` follows with the code.
    socket.onerror = () => {};
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      record({ direction: 'in', via: 'websocket', kind: 'socket-close', closeCode: code });
      const error = (reason: 'channel-not-opened' | 'channel-lost') =>
        new ChannelError(reason, { closeCode: code, retryable: true });
      if (this.#fail) this.#fail(error('channel-not-opened'));
      else this.#options.lost(error('channel-lost'));
    };
    onPong(socket, () => this.#socket === socket && sink.alive());
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      sink.alive();
      if (typeof data !== 'string') {
        return sink.rejected(new NotificationError('notification-malformed', { at: 'a binary frame' }));
      }
      if (data.length > FRAME_LIMIT) return sink.rejected(new NotificationError('notification-too-large'));
      const control = parseControlFrame(data);
      if (!control) return this.#notification(socket, data);
      if (!this.#options.isOurs(control.topic)) return sink.rejected(new NotificationError('notification-wrong-topic'));
      if (control.kind === 'confirmation') {
        record({ direction: 'in', via: 'websocket', kind: 'confirmation' });
        // What nobody asked for may be what somebody else has sent through the hub.
        if (!this.isAwaited) return;
        this.isAwaited = false;
        if (this.#confirmed) return sink.granted(control.grant);
        if (control.habits) this.#options.learn(control.habits);
        return confirmed(control.grant);
      }
      // Older versions of a hub (Medplum) tell everybody when one subscriber leaves.
      if (control.endpoint !== undefined && control.endpoint !== this.endpoint) return;
      record({ direction: 'in', via: 'websocket', kind: 'denial' });
      const { reason } = control.denial;
      if (!this.#confirmed)
        this.#fail?.(new SubscriptionDeniedError('subscription-denied', reason ? { hubText: reason } : {}));
      else if (control.topic ?? control.endpoint) this.#options.denied(control.denial);
      // Anybody could have written it who may publish. A new socket shows whether the hub did.
      else socket.close();
    };
  }

  #notification(socket: WebSocketLike, text: string): void {
    const { sink, record, habits } = this.#options;
    let answered = false;
    sink.notification(text, (decided, id) => {
      const { acknowledgements } = habits();
      // Nothing is answered on a socket that is gone: what it brought was for a subscription that is no more.
      if (answered || id === undefined || acknowledgements === 'none' || socket.readyState !== OPEN) return;
      answered = true;
      const status = statusFor(acknowledgements, decided);
      socket.send(`{"id":${JSON.stringify(id)},"status":"${status}"}`);
      record({ direction: 'out', via: 'websocket', kind: 'answer', status });
    });
  }
}
