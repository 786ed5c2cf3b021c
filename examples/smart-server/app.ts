import express, { type Express } from 'express';
import { FhircastClient } from 'fhircast-client';
import smart from 'fhirclient';
import { Followers } from './followers.ts';
import { chartPage, message } from './page.ts';
import { UserSessions } from './user-sessions.ts';

/** What the app is told by whoever runs it. */
export interface SmartServerOptions {
  /** The FHIR base URL of the EHR that may start the app. */
  readonly fhirUrl: string;
  /** The name by which the EHR knows the app. */
  readonly clientId: string;
}

/** The app, and a way to leave every session. */
export interface SmartServer {
  readonly app: Express;
  leaveAll(): Promise<void>;
}

const SCOPE = `launch patient/*.read ${FhircastClient.scopes(['Patient-open', 'Patient-close', 'UserLogout'])}`;

/** The current context is nobody else's: not a cache's, not another page's. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** A SMART app whose launch, token and FHIRcast session stay on the server. The browser has a cookie, and sees a page. */
export function smartServer({ fhirUrl, clientId }: SmartServerOptions): SmartServer {
  const sessions = new UserSessions();
  const followers = new Followers((sessionId) => sessions.end(sessionId));
  const app = express();
  app.use((_, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(sessions.middleware);

  app.get('/launch', async (request, response) => {
    // Anybody can make a link to this address. It must not send the user, or this server, to an EHR of his own.
    if (request.query.iss !== fhirUrl) {
      response.status(403).send(message('This EHR is not known.'));
      return;
    }
    await followers.leave(request.sessionID);
    await sessions.start(request);
    await smart(request, response).authorize({ clientId, scope: SCOPE, redirectUri: '/app' });
  });

  app.get('/app', async (request, response) => {
    // Who comes here without a launch has nothing in the session.
    const fhir = await smart(request, response)
      .ready()
      .catch(() => undefined);
    if (!fhir) {
      response.status(403).send(message('Start the app from the EHR.'));
      return;
    }
    await followers.follow(request.sessionID, fhir);
    response.redirect('/');
  });

  app.get('/', (request, response) => {
    const client = followers.of(request.sessionID);
    if (client) response.send(chartPage(client));
    else response.status(403).send(message('Start the app from the EHR.'));
  });

  app.post('/logout', async (request, response) => {
    await followers.leave(request.sessionID);
    response.send(message('You have logged out.'));
  });

  return { app, leaveAll: () => followers.leaveAll() };
}
