import { parseJson, parseNotification } from '../events/notification.ts';

/** What a page that is loaded again must know of the events that it has had. None of it says what was in them. */
export interface SeenRecord {
  /** Marks of the latest events, one behind the other. */
  readonly recent: string;
  /** Marks of those before them. */
  readonly older: string;
  /** When the latest of each happened, in milliseconds since 1970: those forgotten, the older and the recent ones. */
  readonly until: readonly [forgotten: number, older: number, recent: number];
}

/** A part of a signature, which nobody can make without the secret. In characters. */
const MARK = 16;

/** How many events are known by their marks, once or twice so many. */
const REMEMBERED = 128;

/** Clocks differ by no more: what is further ahead must not keep the next events out. In milliseconds. */
const SKEW_MS = 60_000;

const MARKS = new RegExp(`^([0-9a-f]{${MARK}}){0,${REMEMBERED}}$`);

const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < 1e15;

/** Reads what was kept, which may be anything. */
const recordOf = (value: unknown): SeenRecord | undefined => {
  const { recent, older, until } = (value ?? {}) as Partial<Record<keyof SeenRecord, unknown>>;
  const isMarks = (text: unknown): text is string => typeof text === 'string' && MARKS.test(text);
  if (!isMarks(recent) || !isMarks(older) || !Array.isArray(until)) return undefined;
  const [forgotten, of = 0, latest = 0]: unknown[] = until;
  return isTime(forgotten) && isTime(of) && isTime(latest)
    ? { recent, older, until: [forgotten, of, latest] }
    : undefined;
};

/** The hexadecimal end of a signature that is right. */
const markOf = (signature: string): string => signature.trim().slice(-MARK).toLowerCase();

/** When an event happened, in milliseconds since 1970, as it says itself. */
const timeOf = (text: string): number | undefined => {
  try {
    return parseNotification(parseJson(text)).time;
  } catch {
    return undefined;
  }
};

/**
 * The events that a secret has signed and that were given to the app, by this page or by the same page before it was loaded
 * again. The signature does not say when it was made: without this, an old event would be news to a page that is new.
 */
export class SeenEvents {
  readonly #before: SeenRecord;
  #record: SeenRecord;

  /** @param kept what the page kept before it was loaded again */
  constructor(kept: unknown) {
    this.#record = this.#before = recordOf(kept) ?? { recent: '', older: '', until: [0, 0, 0] };
  }

  /** What is to be kept. */
  get record(): SeenRecord {
    return this.#record;
  }

  /**
   * Whether an event was given to the app before the page was loaded again, or is not newer than one that was and is known no
   * more. What has come since is for the client to know.
   *
   * @param signature the event's, which is right
   * @param text its body
   */
  isOld(signature: string, text: string): boolean {
    const { recent, older, until } = this.#before;
    const mark = markOf(signature);
    for (const marks of [recent, older])
      for (let at = 0; at < marks.length; at += MARK) if (marks.startsWith(mark, at)) return true;
    const [forgotten] = until;
    const time = forgotten > 0 ? timeOf(text) : undefined;
    return time !== undefined && time <= forgotten;
  }

  /** Remembers an event, and forgets the oldest. */
  add(signature: string, text: string): void {
    const now = Date.now();
    const { recent, older, until } = this.#record;
    const happened = Math.max(until[2], now, Math.min(timeOf(text) ?? 0, now + SKEW_MS));
    const marks = recent + markOf(signature);
    this.#record =
      marks.length < REMEMBERED * MARK
        ? { recent: marks, older, until: [until[0], until[1], happened] }
        : { recent: '', older: marks, until: [Math.max(until[0], until[1]), happened, happened] };
  }
}
