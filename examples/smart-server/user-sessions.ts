import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';

/** The users' sessions, by express-session: what fhirclient keeps of a launch, a token among it, stays on this server. */
export class UserSessions {
  /** In the memory of this process. Several processes need a store that they share, and each user at the same one of them. */
  readonly #store = new session.MemoryStore();

  /** Gives each request its session. */
  readonly middleware: RequestHandler = session({
    store: this.#store,
    name: 'smart-server',
    // Who restarts the app logs everybody out.
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
  });

  /** Starts a session under a name of its own: one that the browser brought along may be known to somebody else. */
  start(request: Request): Promise<void> {
    return new Promise((resolve, reject) => {
      request.session.regenerate((error: unknown) => (error ? reject(error) : resolve()));
    });
  }

  /** Forgets a session, and the token with it. */
  end(id: string): void {
    this.#store.destroy(id);
  }
}
