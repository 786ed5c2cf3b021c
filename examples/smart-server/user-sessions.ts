import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

/** One user's visit to the app, from the launch in one browser to the logout. */
export interface UserSession {
  readonly id: string;
  /** What fhirclient keeps of the launch. There is a token in it: it stays on this server. */
  readonly storage: {
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<unknown>;
    unset(key: string): Promise<boolean>;
  };
}

const COOKIE = 'smart-server';

const openStorage = (): UserSession['storage'] => {
  const stored = new Map<string, unknown>();
  return {
    get: async (key) => stored.get(key),
    set: async (key, value) => {
      stored.set(key, value);
      return value;
    },
    unset: async (key) => stored.delete(key),
  };
};

/**
 * Knows users by a cookie, in the memory of this process. With express-session there is `request.session` in its place, which
 * fhirclient finds by itself.
 */
export class UserSessions {
  readonly #sessions = new Map<string, UserSession>();

  /** Starts a session under a name of its own: one that the browser brought along may be known to somebody else. */
  start(request: Request, response: Response): UserSession {
    const session: UserSession = { id: randomBytes(24).toString('base64url'), storage: openStorage() };
    this.#sessions.set(session.id, session);
    response.cookie(COOKIE, session.id, { httpOnly: true, sameSite: 'lax', secure: request.secure });
    return session;
  }

  /** The session of whoever sent the request. */
  of(request: Request): UserSession | undefined {
    const cookies = (request.headers.cookie ?? '').split(/;\s*/);
    const own = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
    return this.#sessions.get(own?.slice(COOKIE.length + 1) ?? '');
  }

  /** Forgets a session, and the token with it. */
  end(id: string): void {
    this.#sessions.delete(id);
  }
}
