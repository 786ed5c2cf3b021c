/** Where a client is in its life. */
export type ClientState = 'idle' | 'subscribing' | 'active' | 'reconnecting' | 'denied' | 'closed';

/** Why a client went from one state to another: a number for logs and a word for readers. */
export const STATE_REASONS = {
  /** There is something to listen to, and the hub is asked for it. */
  listening: 1,
  /** The hub confirmed the subscription. */
  confirmed: 2,
  /** The connection was lost without our doing. */
  lost: 3,
  /** The attempt to subscribe failed in a way that may pass. */
  failed: 4,
  /** The wait is over, and the hub is asked again. */
  retrying: 5,
  /** The hub denied the subscription or ended it. */
  denied: 6,
  /** The attempt to subscribe failed in a way that will not pass by itself. */
  refused: 7,
  /** Nothing is listened to any more. */
  silent: 8,
  /** The app called `unsubscribe()`, or its page was left for good. */
  unsubscribed: 9,
  /** The hub ended the subscription. It is asked once whether it meant this app. */
  ended: 10,
  /** Nothing arrives any more though nothing failed, or an event did not arrive that the hub has. */
  deaf: 11,
  /** The page went into the browser's back/forward cache. */
  hidden: 12,
  /** The attempts that `reconnect` allows are used up. */
  exhausted: 13,
} as const;

/** Why a client went from one state to another. */
export type StateReason = keyof typeof STATE_REASONS;

/** What the event `state` carries. */
export interface StateChange {
  /** The state that was entered. */
  readonly state: ClientState;
  /** The state that was left. */
  readonly previous: ClientState;
  /** Why. */
  readonly reason: StateReason;
  /** The reason's number, for logs. */
  readonly code: number;
}

/** Every transition there is: from a state, for a reason, to a state. */
export const TRANSITIONS: Readonly<Record<ClientState, Partial<Record<StateReason, ClientState>>>> = {
  idle: { listening: 'subscribing', unsubscribed: 'closed' },
  subscribing: {
    confirmed: 'active',
    failed: 'reconnecting',
    lost: 'reconnecting',
    ended: 'reconnecting',
    hidden: 'reconnecting',
    denied: 'denied',
    refused: 'denied',
    exhausted: 'denied',
    silent: 'idle',
    unsubscribed: 'closed',
  },
  active: {
    lost: 'reconnecting',
    ended: 'reconnecting',
    deaf: 'reconnecting',
    hidden: 'reconnecting',
    denied: 'denied',
    silent: 'idle',
    unsubscribed: 'closed',
  },
  reconnecting: {
    retrying: 'subscribing',
    exhausted: 'denied',
    silent: 'idle',
    unsubscribed: 'closed',
  },
  denied: { listening: 'subscribing', unsubscribed: 'closed' },
  closed: {},
};

/** The one state machine of a client. */
export class StateMachine {
  #state: ClientState = 'idle';
  readonly #changed: (change: StateChange) => void;

  /** @param changed called after every transition */
  constructor(changed: (change: StateChange) => void) {
    this.#changed = changed;
  }

  /** The state. */
  get state(): ClientState {
    return this.#state;
  }

  /**
   * Goes where the reason leads from here.
   *
   * @returns `false` when it leads nowhere from here
   */
  go(reason: StateReason): boolean {
    const next = TRANSITIONS[this.#state][reason];
    if (!next) return false;
    const previous = this.#state;
    this.#state = next;
    this.#changed({ state: next, previous, reason, code: STATE_REASONS[reason] });
    return true;
  }
}
