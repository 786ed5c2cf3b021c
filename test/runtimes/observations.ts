/** What became of a part of the program. */
export type Outcome<T> = { readonly done: T } | { readonly failed: string };

/** One event, as a listener saw it. */
export interface Heard {
  readonly name: string;
  /** The SHA-256 of its patient; empty where there is none to look at. */
  readonly digest: string;
}

/** What was seen while a session was followed. */
export interface Followed {
  readonly channel: string;
  /** The events of others, in the order of their arrival. */
  readonly heard: readonly Heard[];
  /** The patient of the current context. */
  readonly current: string | undefined;
  /** Whether the hub took the change. */
  readonly accepted: boolean;
  /** The codes of the client's errors. */
  readonly errors: readonly string[];
  /** The client's last state. */
  readonly state: string;
}

/** What the program saw. */
export interface Observations {
  /** What it says that it runs on. */
  readonly runtime: string;
  /** What checks signatures by default. */
  readonly crypto: string;
  readonly webhook: Outcome<Followed>;
  /** With the client's own choice of a websocket. */
  readonly websocket: Outcome<Followed>;
  /** With the runtime's websocket, where it has one. */
  readonly ownWebsocket: Outcome<Followed> | undefined;
  /** The order in which requests arrive that come all at once. */
  readonly order: Outcome<readonly number[]>;
  /** The same with WebCrypto, whatever the runtime has beside it. */
  readonly webCryptoOrder: Outcome<readonly number[]>;
}
