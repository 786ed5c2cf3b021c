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

  app.get('/launch', async (request, response) => {
    // Anybody can make a link to this address. It must not send the user, or this server, to an EHR of his own.
    if (request.query.iss !== fhirUrl) {
      response.status(403).send(message('This EHR is not known.'));
      return;
    }
    const earlier = sessions.of(request);
    if (earlier) await followers.leave(earlier.id);
    const { storage } = sessions.start(request, response);
    await smart(request, response, storage).authorize({ clientId, scope: SCOPE, redirectUri: '/app' });
  });

  app.get('/app', async (request, response) => {
    const session = sessions.of(request);
    if (!session) {
      response.status(403).send(message('Start the app from the EHR.'));
      return;
    }
    const fhir = await smart(request, response, session.storage).ready();
    await followers.follow(session.id, fhir);
    response.redirect('/');
  });

  app.get('/', (request, response) => {
    const session = sessions.of(request);
    const client = session && followers.of(session.id);
    if (client) response.send(chartPage(client));
    else response.status(403).send(message('Start the app from the EHR.'));
  });

  app.post('/logout', async (request, response) => {
    const session = sessions.of(request);
    if (session) await followers.leave(session.id);
    response.send(message('You have logged out.'));
  });

  return { app, leaveAll: () => followers.leaveAll() };
}
