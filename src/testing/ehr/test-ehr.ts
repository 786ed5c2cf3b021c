import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Patient } from 'fhir/r4.js';
import {
  closeServer,
  type HttpAnswer,
  HttpRefusal,
  listen,
  parseForm,
  readBody,
  serve,
} from '../ground/http-server.ts';
import type { LaunchForm } from '../ground/launch-parameters.ts';
import { unguessable } from '../ground/unguessable.ts';
import type { TestHub } from '../hub/test-hub.ts';
import type { TestSession } from '../session/test-session.ts';
import { authorize } from './authorize.ts';
import type { EhrState, TestEhrClient } from './ehr-state.ts';
import { readFhir } from './fhir-server.ts';
import { TEST_PATIENTS } from './patients.ts';
import { exchangeToken } from './token-endpoint.ts';

/** How a test EHR behaves. */
export interface TestEhrOptions {
  /** The hub whose sessions it launches apps into. */
  hub: Pick<TestHub, 'url'> & Partial<Pick<TestHub, 'alongside'>>;
  /**
   * Serve on the hub's own address, under `/fhir` and `/auth`? Then `port` has no meaning, and the hub's end is the EHR's.
   *
   * @default false
   */
  sameOrigin?: boolean;
  /** Default {@link TEST_PATIENTS}. */
  patients?: readonly Patient[];
  /** In which version's words apps are told of the hub; a client and a launch can say otherwise. Default `stu`. */
  launchParameters?: LaunchForm;
  /** The registered apps. Default: any client id, and any redirect to this machine. */
  clients?: readonly TestEhrClient[];
  /** How long an access token is good for, in seconds. Default 3600. */
  tokenLifetimeSeconds?: number;
  /** The port on 127.0.0.1. Default 0: a free one. */
  port?: number;
}

/** What an app is started with. */
export interface TestEhrLaunchOptions {
  /** The FHIRcast session that the app joins. */
  session: TestSession;
  /** The id of the patient whose chart is open. Default none. */
  patient?: string;
  /** In which version's words the app is told of the hub. Default the client's or the EHR's. */
  launchParameters?: LaunchForm;
}

/**
 * A small EHR: a SMART App Launch authorization server (EHR launch, public and confidential clients, PKCE, refresh) and
 * a FHIR R4 endpoint with patients to read and to search. It approves every launch without asking.
 */
export interface TestEhr {
  /** The FHIR base URL: `iss`. */
  readonly fhirUrl: string;
  /** The patients it holds. */
  readonly patients: readonly Patient[];
  /**
   * The URL that starts an app.
   *
   * @param appLaunchUrl the app's launch URL
   * @returns it with `iss` and `launch`
   */
  launchUrl(appLaunchUrl: string, options: TestEhrLaunchOptions): string;
  /** Stops the server. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts an EHR on 127.0.0.1.
 *
 * @throws when the port is taken
 * @throws TypeError when it is to share the address of a hub that is no test hub
 */
export async function startTestEhr(options: TestEhrOptions): Promise<TestEhr> {
  const { patients = TEST_PATIENTS, launchParameters = 'stu', tokenLifetimeSeconds = 3600, port = 0 } = options;
  const { hub } = options;
  const take = (request: IncomingMessage, response: ServerResponse) =>
    void serve(request, response, (incoming, url) => route(ehr, incoming, url));
  const server = options.sameOrigin ? undefined : createServer(take);
  const origin = server ? await listen(server, port) : new URL(hub.url).origin;
  const ehr: EhrState = {
    fhirUrl: `${origin}/fhir`,
    authorizeUrl: `${origin}/auth/authorize`,
    tokenUrl: `${origin}/auth/token`,
    hubUrl: hub.url,
    patients,
    clients: options.clients,
    launchParameters,
    tokenLifetimeSeconds,
    launches: new Map(),
    codes: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
  };
  if (!server) {
    if (!hub.alongside) throw new TypeError('With sameOrigin, hub must be a test hub.');
    hub.alongside((request, response) => {
      const isOwn = !isClosed && /^\/(?:fhir|auth)\//.test(request.url ?? '');
      if (isOwn) take(request, response);
      return isOwn;
    });
  }
  let isClosed = false;
  return {
    fhirUrl: ehr.fhirUrl,
    patients,
    launchUrl(appLaunchUrl, { session, patient, launchParameters: form }) {
      const launch = unguessable();
      ehr.launches.set(launch, { session, patient, launchParameters: form });
      const url = new URL(appLaunchUrl);
      url.searchParams.set('iss', ehr.fhirUrl);
      url.searchParams.set('launch', launch);
      return url.href;
    },
    close: async () => {
      isClosed = true;
      if (server) await closeServer(server);
    },
  };
}

async function route(ehr: EhrState, request: IncomingMessage, url: URL): Promise<HttpAnswer> {
  const { method, headers } = request;
  const { pathname, searchParams } = url;
  if (pathname === '/auth/authorize' && method === 'GET') return authorize(ehr, searchParams);
  if (pathname === '/auth/authorize' && method === 'POST')
    return authorize(ehr, new URLSearchParams(await readBody(request)));
  if (pathname === '/auth/token' && method === 'POST') {
    return exchangeToken(ehr, parseForm(await readBody(request)), headers.authorization);
  }
  if (pathname.startsWith('/fhir/') && method === 'GET') {
    return readFhir(ehr, pathname.slice('/fhir'.length), searchParams, headers.authorization);
  }
  throw new HttpRefusal(404, 'There is nothing at this path.');
}
