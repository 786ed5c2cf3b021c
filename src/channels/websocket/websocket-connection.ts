import {
  aborted,
  ChannelError,
  FhircastError,
  NotificationError,
  SubscriptionDeniedError,
} from '../../errors/errors.ts';
import type { Habits } from '../../hub/dialect.ts';
import { mayBeBlocked } from '../../hub/local-network.ts';
import type { Recorder } from '../../hub/protocol-records.ts';
import { CONTENT_TOO_LARGE } from '../../web/status.ts';
import { after } from '../../web/timers.ts';
import type { Denial } from '../callback.ts';
import type { ChannelSink, Grant } from '../channel.ts';
import { statusFor } from './acknowledgement.ts';
import { type Frame, idAtBeginning, readFrame } from './frame.ts';
import { type FrameText, frameReader } from './frame-data.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { closeCodeOf, closeSocket, OPEN, onPong, ping, type WebSocketFactory, type WebSocketLike } from './socket.ts';

/** How a websocket is opened and answered, and who hears of what arrives. */
export interface WebSocketConnectionOptions {
  /** The hub's `hub.channel.endpoint`. */
  readonly endpoint: string;
  /** Where the socket is opened. */
  readonly url: string;
  /** How long the hub may take to confirm, in milliseconds. */
  readonly confirmWithinMs: number;
  readonly openSocket: WebSocketFactory;
  readonly record: Recorder;
  readonly sink: Pick<ChannelSink, 'alive' | 'keepalive' | 'rejected' | 'warned' | 'granted' | 'notification'>;
  /** Whether only a word about this very subscription confirms: the hub may have forgotten it. */
  readonly isAgain: boolean;
  /** How the hub behaves, as far as is known at the moment. */
  habits(): Habits;
  /** The hub showed by a frame how it behaves. */
  learn(habits: Partial<Habits>): void;
  /** Whether a topic that the hub wrote is ours. */
  isOurs(topic: string | undefined): boolean;
  /** The hub confirmed. Called at once, because more may be in the same packet. */
  confirmed(): void;
  /** The hub ended the confirmed subscription. */
  denied(denial: Denial, isNamed: boolean): void;
  /** The confirmed connection is gone without our doing. */
  lost(error: ChannelError): void;
}

/** More than any event that a hub sends. In characters. */
const FRAME_LIMIT = 16 * 1024 * 1024;
/** What a .NET prototype waits for before it delivers anything. */
const HANDSHAKE_ANSWER = '{"headers":{"statusCode":"200"}}';

const NOTHING_SAID: Grant = { events: undefined, leaseSeconds: undefined };
const ESTABLISHED: Confirmation = {
  kind: 'confirmation',
  topic: undefined,
  endpoint: undefined,
  isOfSubscription: false,
  grant: NOTHING_SAID,
  habits: undefined,
};

type Confirmation = Extract<Frame, { grant: Grant }>;

/** One socket, from its endpoint to its end. Nothing is called back after {@link WebSocketConnection.close}. */
export class WebSocketConnection {
  /** The hub's `hub.channel.endpoint`. */
  readonly endpoint: string;
  /** The hub was asked for a subscription that it has not confirmed here. */
  isAwaited = true;
  readonly #options: WebSocketConnectionOptions;
  #socket: WebSocketLike | undefined;
  #writes: GatheredWrites | undefined;
  #confirmed = false;
  #isNamed = false;
  #hasOpened = false;
  #isStrange = false;
  /** Takes the hub's confirmation. */
  #confirm: ((grant: Grant) => void) | undefined;
  /** Ends the attempt to connect. */
  #fail: ((error: FhircastError) => void) | undefined;

  constructor(options: WebSocketConnectionOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
  }

  /** Whether the hub has confirmed, and frames can be sent. */
  get isOpen(): boolean {
    return this.#confirmed && this.#socket?.readyState === OPEN;
  }

  /**
   * Whether the hub has confirmed this very subscription, and not merely the socket. Only then does a confirmation tell that the
   * hub still holds it.
   */
  get isNamed(): boolean {
    return this.#isNamed;
  }

  /**
   * Opens the socket and waits for the hub's confirmation.
   *
   * @throws ChannelError `channel-not-opened`, `hub-local-blocked`, `confirmation-timeout`, `channel-endpoint-invalid`
   * @throws SubscriptionDeniedError when the hub denies in place of confirming
   * @throws FhircastError `aborted`
   */
  open(signal: AbortSignal): Promise<Grant> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.#fail = this.#confirm = undefined;
      };
      const fail = (error: FhircastError) => {
        settle();
        this.close();
        reject(error);
      };
      const abort = () => fail(aborted());
      const timer = after(this.#options.confirmWithinMs, () =>
        fail(new ChannelError('confirmation-timeout', { retryable: true })),
      );
      this.#fail = fail;
      signal.addEventListener('abort', abort);
      if (signal.aborted) return abort();
      this.#confirm = (grant) => {
        settle();
        this.#confirmed = true;
        this.#options.confirmed();
        resolve(grant);
      };
      try {
        this.#socket = this.#options.openSocket(this.#options.url);
        this.#listen(this.#socket);
      } catch (error) {
        // The platform's own error quotes the URL.
        fail(error instanceof FhircastError ? error : new ChannelError('channel-endpoint-invalid'));
      }
    });
  }

  /** Asks the hub for a sign of life; `false` where that cannot be done. */
  ping(): boolean {
    return this.#socket !== undefined && ping(this.#socket);
  }

  /** Hears nothing any more. The socket stays open, for a hub that would take its end for the end of the subscription. */
  pause(): void {
    if (this.#socket) this.#socket.onmessage = this.#socket.onclose = null;
  }

  /**
   * Closes the socket. Idempotent.
   *
   * @param isDead whether the other side does not answer any more
   */
  close(isDead = false): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) closeSocket(socket, isDead);
    this.#fail?.(aborted());
  }

  #listen(socket: WebSocketLike): void {
    const { record, sink } = this.#options;
    const isCurrent = () => this.#socket === socket;
    this.#writes = new GatheredWrites(socket);
    // Attached before the socket opens: some hubs confirm in the same packet as the handshake.
    socket.onopen = () => {
      socket.onopen = null;
      this.#hasOpened = true;
      record({ direction: 'out', via: 'websocket', kind: 'socket-open' });
      if (!isCurrent()) return;
      const { sendsEndpoint, confirms } = this.#options.habits();
      if (sendsEndpoint) this.#send(socket, JSON.stringify({ 'hub.channel.endpoint': this.endpoint }));
      if (!confirms && !this.#options.isAgain) this.#confirm?.(NOTHING_SAID);
    };
    socket.onerror = (event: unknown) => {
      // In Node `onclose` may follow half a minute later. Other platforms tell no code here, and call `onclose` at once.
      const code = closeCodeOf(event);
      if (code === undefined || !isCurrent()) return;
      if (code === 1009) sink.rejected(new NotificationError('notification-too-large'));
      this.#broke(socket, code);
    };
    socket.onclose = ({ code }) => {
      if (!isCurrent()) return;
      record({ direction: 'in', via: 'websocket', kind: 'socket-close', closeCode: code });
      this.#gone(code);
    };
    onPong(socket, () => isCurrent() && sink.alive());
    const read = frameReader(FRAME_LIMIT, (frame) => isCurrent() && this.#read(socket, frame));
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      sink.alive();
      read(data);
    };
    // Of a `Blob`, the text would come later.
    if ('binaryType' in socket) socket.binaryType = 'arraybuffer';
  }

  #read(socket: WebSocketLike, frame: FrameText): void {
    const { sink } = this.#options;
    if (!frame) {
      sink.rejected(new NotificationError('notification-malformed', { at: 'a binary frame' }));
    } else if ('beginning' in frame) {
      sink.rejected(new NotificationError('notification-too-large'));
      this.#answer(socket, idAtBeginning(frame.beginning), CONTENT_TOO_LARGE);
    } else this.#take(socket, readFrame(frame.text), frame.text);
  }

  /** All that can arrive. */
  #take(socket: WebSocketLike, frame: Frame, text: string): void {
    const habits = this.#options.habits();
    switch (frame.kind) {
      case 'event':
        return this.#notification(socket, text);
      case 'confirmation':
        return this.#confirmation(frame);
      case 'denial':
        return this.#denial(socket, frame);
      case 'handshake':
        if (!habits.answersHandshake) return this.#keepalive(false);
        this.#confirmation(frame);
        return this.#send(socket, HANDSHAKE_ANSWER);
      case 'established':
        if (habits.confirmedBy !== 'established' || this.#confirmed) return this.#keepalive(true);
        return this.#confirmation(ESTABLISHED);
      case 'life':
        return this.#keepalive(frame.isKnown);
    }
  }

  /** A frame that is no event is a sign of life. The app is warned of the first one of an unknown kind. */
  #keepalive(isKnown: boolean): void {
    const { sink } = this.#options;
    sink.keepalive();
    if (isKnown || this.#isStrange) return;
    this.#isStrange = true;
    sink.warned(new NotificationError('notification-malformed', { at: 'a frame that is no event' }));
  }

  #confirmation(frame: Confirmation): void {
    const { record, sink, isOurs, isAgain, learn, habits } = this.#options;
    if (!isOurs(frame.topic)) return sink.rejected(new NotificationError('notification-wrong-topic'));
    record({ direction: 'in', via: 'websocket', kind: 'confirmation' });
    // A confirmation that was not asked for may have been written by another app.
    if (!this.isAwaited) return;
    const isNamed =
      frame.kind === 'handshake'
        ? frame.topic !== undefined
        : frame.isOfSubscription && (frame.topic !== undefined || frame.endpoint === this.endpoint);
    // A hub that says yes to any endpoint does not say that it knows this one.
    if (isAgain && !isNamed) return;
    this.isAwaited = false;
    this.#isNamed = isNamed && habits().confirms;
    if (this.#confirmed) return sink.granted(frame.grant);
    if (frame.kind === 'confirmation' && frame.habits) learn(frame.habits);
    this.#confirm?.(frame.grant);
  }

  #denial(socket: WebSocketLike, { topic, endpoint, denial }: Extract<Frame, { kind: 'denial' }>): void {
    const { record, sink, isOurs } = this.#options;
    if (!isOurs(topic)) return sink.rejected(new NotificationError('notification-wrong-topic'));
    // Older versions of a hub (Medplum) tell everybody when one subscriber leaves.
    if (endpoint !== undefined && endpoint !== this.endpoint) return;
    record({ direction: 'in', via: 'websocket', kind: 'denial' });
    if (!this.#confirmed) {
      this.#fail?.(new SubscriptionDeniedError('subscription-denied', { hubText: denial.reason }));
    } else if (topic ?? endpoint) this.#options.denied(denial, endpoint !== undefined);
    // Every app that may publish could have written this denial. A new socket shows whether the hub did.
    else this.#broke(socket, undefined);
  }

  #notification(socket: WebSocketLike, text: string): void {
    let answered = false;
    this.#options.sink.notification(
      text,
      (status, id, isNumericId) => {
        if (answered || id === undefined) return;
        answered = true;
        this.#answer(socket, isNumericId ? id : JSON.stringify(id), status, id);
      },
      'websocket',
    );
  }

  /** @param id as it is written in JSON */
  #answer(socket: WebSocketLike, id: string | undefined, decided: number, eventId?: string): void {
    const { acknowledgements } = this.#options.habits();
    // Nothing is answered on a socket that is gone: what it brought was for a subscription that is no more.
    if (id === undefined || acknowledgements === 'none' || socket.readyState !== OPEN) return;
    const status = statusFor(acknowledgements, decided);
    this.#send(socket, `{"id":${id},"status":"${status}"}`);
    this.#options.record({ direction: 'out', via: 'websocket', kind: 'answer', status, eventId });
  }

  #send(socket: WebSocketLike, text: string): void {
    try {
      this.#writes?.gather();
      socket.send(text);
    } catch {
      // A socket that cannot send is broken.
      this.#broke(socket, undefined);
    }
  }

  /** Closes a socket that cannot be used any more, and whose own end may come late or never. */
  #broke(socket: WebSocketLike, closeCode: number | undefined): void {
    if (this.#socket !== socket) return;
    closeSocket(socket);
    this.#gone(closeCode);
  }

  #gone(closeCode: number | undefined): void {
    this.#socket = undefined;
    const more = { retryable: true, ...(closeCode === undefined ? {} : { closeCode }) };
    const isBlocked = !this.#hasOpened && mayBeBlocked(this.#options.url);
    if (this.#fail) this.#fail(new ChannelError(isBlocked ? 'hub-local-blocked' : 'channel-not-opened', more));
    else this.#options.lost(new ChannelError('channel-lost', more));
  }
}
