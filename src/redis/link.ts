import { after, unref } from '../web/timers.ts';
import { SCRIPTS, type ScriptName } from './scripts.ts';
import { isForgotten, type StepContent, type StepOptions, type StepReply, Steps } from './steps.ts';

/** What is needed of a client of the package `redis`, in the versions 5 and later. */
export interface RedisRouterClient {
  /** Whether commands can be sent. */
  readonly isReady: boolean;
  /** Makes another client of the same server. */
  duplicate(overrides?: { disableOfflineQueue?: boolean; commandOptions?: object }): RedisRouterClient;
  /** Opens the connection. */
  connect(): Promise<unknown>;
  /** Lets go of the connection at once. */
  destroy(): void;
  /** Sends a command. */
  sendCommand(args: (string | Buffer)[], options?: { typeMapping?: object }): Promise<unknown>;
  /** Listens to a channel. */
  subscribe(channel: string, listener: (message: Buffer) => unknown, bufferMode: true): Promise<unknown>;
  /** Listens to what happens to the connection. */
  on(event: string, listener: () => void): unknown;
}

/** Who uses the link. */
export interface LinkListener {
  /** Both connections are there. */
  up(): void;
  /** One of the connections is lost. */
  down(): void;
  /** A message to this instance. */
  message(message: Buffer): void;
}

/** A bulk string in Redis' protocol. */
const BLOB_STRING = 36;

const AS_BYTES = { typeMapping: { [BLOB_STRING]: Buffer } };

/** How long Redis may take to do what it is told, in milliseconds. The client waits for ever. */
const COMMAND_WITHIN_MS = 10_000;

/** Waits for a command, and no longer than it may take: what waits for it would wait for ever. */
const inTime = <Reply>(command: Promise<Reply>): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const timer = after(COMMAND_WITHIN_MS, () => reject(new Error('Redis does not answer.')));
    unref(timer);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** Two connections to Redis: one for commands, and one on which messages come in. The client itself connects them again. */
export class RedisLink {
  readonly #client: RedisRouterClient;
  readonly #channel: string;
  readonly #listener: LinkListener;
  readonly #steps: Steps;
  /** The scripts that Redis has, as far as this connection knows. */
  readonly #known = new Set<ScriptName>();
  #commands: RedisRouterClient | undefined;
  #messages: RedisRouterClient | undefined;
  #isSubscribed = false;
  #isUp = false;

  /**
   * @param client what is duplicated
   * @param channel where messages to this instance come in
   * @param listener who is told
   * @param stepSettings what the script `steps` gets before the steps
   */
  constructor(client: RedisRouterClient, channel: string, listener: LinkListener, stepSettings: readonly string[]) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
    this.#steps = new Steps((steps) => this.#execute('steps', [...stepSettings, ...steps]));
  }

  /** Whether both connections are there. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Connects, again when it was connected before. */
  open(): void {
    this.close();
    // A command that cannot be sent is a failure at once: what waited for a connection would be overtaken by the hub's timeout.
    // And the time that a command may take is limited here: the client would set up a signal of its own for each.
    const overrides = { disableOfflineQueue: true, commandOptions: { timeout: undefined } };
    const commands = this.#client.duplicate(overrides);
    const messages = this.#client.duplicate(overrides);
    this.#commands = commands;
    this.#messages = messages;
    for (const connection of [commands, messages]) {
      const isCurrent = () => this.#commands === commands;
      connection.on('error', () => isCurrent() && this.#lost());
      connection.on('end', () => isCurrent() && this.#lost());
      connection.on('ready', () => isCurrent() && this.#check());
    }
    const subscribe = () =>
      messages.subscribe(
        this.#channel,
        (message) => this.#messages === messages && this.#listener.message(message),
        true,
      );
    commands.connect().catch(() => {});
    messages
      .connect()
      .then(subscribe)
      .then(() => {
        if (this.#messages !== messages) return;
        this.#isSubscribed = true;
        this.#check();
      })
      // Somebody else looks whether the link works, and opens it again.
      .catch(() => {});
  }

  /** Lets go of both connections. */
  close(): void {
    const connections = [this.#commands, this.#messages];
    this.#commands = undefined;
    this.#messages = undefined;
    this.#isSubscribed = false;
    this.#isUp = false;
    this.#steps.abandon();
    for (const connection of connections) {
      try {
        connection?.destroy();
      } catch {
        // It was closed already.
      }
    }
  }

  /**
   * Runs a script, again when Redis has forgotten it: then behind what was sent meanwhile.
   *
   * @param name which one
   * @param args its arguments
   */
  async run(name: Exclude<ScriptName, 'steps'>, args: readonly (string | Buffer)[]): Promise<unknown> {
    this.#steps.flush();
    try {
      return await this.#execute(name, args);
    } catch (error) {
      if (!isForgotten(error)) throw error;
      return this.#execute(name, args);
    }
  }

  /**
   * Does a step of the script `steps`, together with others of the same moment.
   *
   * @param content what is to be done
   * @param options how it is done
   */
  step(content: StepContent, options: StepOptions): Promise<StepReply> {
    return this.#steps.add(content, options);
  }

  /**
   * Reads the bytes of a field.
   *
   * @param key the key of a hash
   * @param field the field
   */
  async bytes(key: string, field: string): Promise<Buffer | undefined> {
    const commands = this.#commands;
    if (!commands) throw new Error('The connection is closed.');
    const reply = await inTime(commands.sendCommand(['HGET', key, field], AS_BYTES));
    return Buffer.isBuffer(reply) ? reply : undefined;
  }

  async #execute(name: ScriptName, args: readonly (string | Buffer)[]): Promise<unknown> {
    const commands = this.#commands;
    if (!commands) throw new Error('The connection is closed.');
    const { text, sha } = SCRIPTS[name];
    const isKnown = this.#known.has(name);
    try {
      const script = [isKnown ? 'EVALSHA' : 'EVAL', isKnown ? sha : text];
      const reply = await inTime(commands.sendCommand([...script, '0', ...args]));
      if (this.#commands === commands) this.#known.add(name);
      return reply;
    } catch (error) {
      if (isForgotten(error)) this.#known.delete(name);
      throw error;
    }
  }

  #check(): void {
    if (this.#isUp || !this.#isSubscribed || !this.#commands?.isReady || !this.#messages?.isReady) return;
    this.#isUp = true;
    this.#listener.up();
  }

  #lost(): void {
    this.#known.clear();
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#listener.down();
  }
}
