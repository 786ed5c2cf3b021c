import type { SeenRecord } from './seen-events.ts';

/** Where a page keeps what it needs to come back to its subscription: `sessionStorage`, `localStorage` or the like. */
export interface RelayStorage {
  /** What is kept under a key. */
  getItem(key: string): string | null;
  /** Keeps something under a key. */
  setItem(key: string, value: string): void;
  /** Forgets what is kept under a key. */
  removeItem(key: string): void;
}

/** What is kept. */
export interface Kept {
  /** The capability of the page. */
  readonly page: string;
  /** The secret of the subscription. */
  readonly secret: string;
  /** The events that the secret has signed and that the app was given. */
  readonly seen: SeenRecord;
}

/** What was found, of which `seen` may be anything. */
export interface Found extends Omit<Kept, 'seen'> {
  readonly seen: unknown;
}

/** A place of one subscription in the storage. */
export interface Keeper {
  read(): Found | undefined;
  /** Keeps it. What cannot be kept is removed: a secret must not be there without the events that it has signed. */
  write(kept: Kept): void;
  /** Removes what is kept, unless it is another page's by now. */
  remove(page: string): void;
}

/** The longest text that is read, in characters. */
const KEPT_LIMIT = 16_384;

const HEX = /^[0-9a-f]{48,64}$/;

const isHex = (value: unknown): value is string => typeof value === 'string' && HEX.test(value);

/** The storage of the platform, as far as there is one: browsers may forbid it. */
export function platformStorage(): RelayStorage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * Keeps the data by which a page comes back to one subscription, under a name that tells nothing of the session.
 *
 * @param storage where; nothing is kept without one
 * @param parts what makes the subscription what it is
 */
export async function keeper(storage: RelayStorage | undefined, parts: readonly string[]): Promise<Keeper> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)));
  const name = `fhircast-relay:${btoa(String.fromCharCode(...new Uint8Array(digest, 0, 18)))}`;
  /** A storage may be full, forbidden or hold anything. */
  const attempt = <Value>(act: () => Value): Value | undefined => {
    try {
      return act();
    } catch {
      return undefined;
    }
  };
  const read = (): Found | undefined =>
    attempt(() => {
      const text = storage?.getItem(name) ?? '{}';
      const { page, secret, seen } = JSON.parse(text.length > KEPT_LIMIT ? '{}' : text) as Partial<
        Record<keyof Kept, unknown>
      >;
      return isHex(page) && isHex(secret) ? { page, secret, seen } : undefined;
    });
  return {
    read,
    write(kept) {
      const text = JSON.stringify(kept);
      const isWritten = attempt(() => {
        storage?.setItem(name, text);
        return true;
      });
      if (!isWritten) attempt(() => storage?.removeItem(name));
    },
    remove: (page) => attempt(() => read()?.page === page && storage?.removeItem(name)),
  };
}
