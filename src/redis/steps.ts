/** One step of the Redis script `steps`: a request is sent to its owner (`s`), or answered (`a`). */
export interface StepContent {
  readonly kind: 's' | 'a';
  readonly args: readonly string[];
  /** The request or the answer, as bytes. */
  readonly piece: Buffer;
}

/** The two numbers that Redis replies to a step. `scripts.ts` says what they mean. */
export type StepReply = readonly [first: number, second: number];

/** How a step is done. */
export interface StepOptions {
  /** Whether it is sent again when Redis has forgotten the script: behind what was sent meanwhile. */
  readonly mayRepeat: boolean;
  /** Whether anybody still waits for it when its turn comes. Default: always */
  isWanted?(): boolean;
}

interface Step extends StepContent, StepOptions {
  resolve(reply: StepReply): void;
  reject(error: unknown): void;
}

/** How many steps Redis does in one go: it does nothing else meanwhile. */
const MOST_STEPS = 64;

/** How much is sent in one go, in bytes, unless one step has more. */
const MOST_BYTES = 262_144;

/** Whether a script failed because Redis does not know it any more. */
export const isForgotten = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');

/**
 * Sends the steps of many requests together: those of one turn of the event loop, and those that come while others are under way,
 * which wait for their reply. So a lone event loses no time, and many of them cost one write and one read in place of one each. Their
 * order stays that in which they came.
 */
export class Steps {
  readonly #run: (args: readonly (string | Buffer)[]) => Promise<unknown>;
  #waiting: Step[] = [];
  /** The command that is under way. */
  #current: object | undefined;
  #isScheduled = false;

  /** @param run runs the script with some steps */
  constructor(run: (args: readonly (string | Buffer)[]) => Promise<unknown>) {
    this.#run = run;
  }

  /**
   * Does a step, when its turn has come.
   *
   * @returns what Redis replies. It rejects when the step was not done, or nobody knows whether it was
   */
  add(content: StepContent, options: StepOptions): Promise<StepReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...content, ...options, resolve, reject });
      this.#schedule();
    });
  }

  /** Sends what waits, without waiting for a reply: what is sent next must not overtake it. */
  flush(): void {
    while (this.#waiting.length > 0) this.#send();
  }

  /** Nothing that waits is sent any more. */
  abandon(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#current = undefined;
    for (const { reject } of waiting) reject(new Error('The connection is closed.'));
  }

  /** Takes as many steps as are sent in one go. */
  #take(): Step[] {
    const wanted = this.#waiting.filter(({ isWanted }) => isWanted?.() ?? true);
    let bytes = 0;
    const end = wanted.findIndex((step, index) => {
      bytes += step.piece.length;
      return index === MOST_STEPS || (index > 0 && bytes > MOST_BYTES);
    });
    this.#waiting = end < 0 ? [] : wanted.slice(end);
    return end < 0 ? wanted : wanted.slice(0, end);
  }

  /** All that this turn of the event loop brings goes together. */
  #schedule(): void {
    if (this.#current || this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#current) this.#send();
    });
  }

  #send(): void {
    const steps = this.#take();
    if (steps.length === 0) return;
    const command = {};
    this.#current = command;
    const next = () => {
      if (this.#current !== command) return;
      this.#current = undefined;
      this.#schedule();
    };
    const heads = steps.flatMap(({ kind, args, piece }) => [kind, String(piece.length), ...args]);
    this.#run([...heads, Buffer.concat(steps.map(({ piece }) => piece))]).then(
      (replies) => {
        settle(steps, replies);
        next();
      },
      (error: unknown) => {
        this.#fail(steps, error);
        next();
      },
    );
  }

  #fail(steps: readonly Step[], error: unknown): void {
    for (const step of steps) {
      if (step.mayRepeat && isForgotten(error)) this.#waiting.push({ ...step, mayRepeat: false });
      else step.reject(error);
    }
  }
}

const settle = (steps: readonly Step[], replies: unknown): void => {
  const numbers = Array.isArray(replies) ? replies : [];
  steps.forEach(({ resolve, reject }, index) => {
    const [first, second] = [numbers[2 * index], numbers[2 * index + 1]];
    if (typeof first === 'number' && typeof second === 'number' && first >= 0) resolve([first, second]);
    else reject(new Error('Redis has refused a step.'));
  });
};
