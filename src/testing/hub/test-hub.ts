import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { AccessTokens } from '../ground/authorization.ts';
import { BODY_LIMIT_BYTES, closeServer, listen, type RequestTaker, serve } from '../ground/http-server.ts';
import { keepaliveFrame } from '../ground/keepalive.ts';
import { HubLog, type HubMessage, type WaitOptions } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import { type OwnedNetwork, startOwnedNetwork, type TestNetwork } from '../network/test-network.ts';
import type { EhrHabits } from '../publishing/ehr-habits.ts';
import { discoveryDocument } from '../requests/discovery-document.ts';
import { handleHubRequest, type Refusal } from '../requests/hub-requests.ts';
import type { LostAnswer } from '../requests/lost-answer.ts';
import { openDoor } from '../requests/socket-door.ts';
import { newHubShared } from '../session/hub-state.ts';
import { type SessionSettings, TestSession } from '../session/test-session.ts';
import { traitsFor } from './hub-traits.ts';
import type { TestHubOptions } from './test-hub-options.ts';

/**
 * A FHIRcast hub to test against: it speaks the January 2019 draft (by webhook) and STU3 (by websocket) at once
 * and in the same sessions, unless it has another personality.
 */
export interface TestHub {
  /** `hub.url` of STU1 and later. */
  readonly url: string;
  /**
   * `cast-hub` of the draft and the ballot: the same hub, but GET `<draftUrl>/<id>` answers in the draft's shape. A hub with a
   * personality has one URL for all.
   */
  readonly draftUrl: string;
  /** What this hub does, point by point. */
  readonly traits: HubTraits;
  /** By what the hub crashed, if it did: it is gone then as a process is that died, and nothing brings it back. */
  readonly crashed: string | undefined;
  /** The discovery document: change it, or set it to `undefined` for a 404 with HTML. */
  wellKnown: Record<string, unknown> | undefined;
  /** What is between the hub and everybody else, of a hub with `network: true`. */
  readonly network: TestNetwork | undefined;
  /** Everything that the hub saw and sent, in order. Raw: print `formatMessage(message)` instead. */
  readonly log: readonly HubMessage[];
  /**
   * Opens a session.
   *
   * @param options `scope`: of the session's tokens; default what covers everything; `ehr`: how its EHR publishes; default as
   *   the hub was started
   */
  openSession(options?: { scope?: string; ehr?: EhrHabits }): TestSession;
  /** Refuses the next request, or the next of one kind. Calls add up. */
  refuseNext(refusal?: Refusal): void;
  /** Loses the answer to the next event that an app sends, or to the next request of another kind. Calls add up. */
  loseNextAnswer(lost?: LostAnswer): void;
  /** The session of a topic, be it an id or a URL: one that was opened, or that a subscription made. */
  session(topic: string): TestSession | undefined;
  /** The first message that fits, past ones included; rejects when none comes in time. */
  waitFor(fits: (message: HubMessage) => boolean, options?: WaitOptions): Promise<HubMessage>;
  /**
   * Serves something else on the hub's address: an EHR, a page. It is asked before the hub, and the latest one first.
   *
   * @param take answers what is its own, and says whether a request is
   */
  alongside(take: RequestTaker): void;
  /**
   * Stops and starts at once: every socket is cut, and nobody is told. Sessions and tokens survive.
   *
   * @param options `memory`: do contexts and subscriptions survive too? Then webhooks are delivered to as before, and the
   *   endpoints of websockets may be connected to again.
   */
  restart(options: { memory: boolean }): void;
  /** Ends sockets, timers and the server. Nothing keeps the process alive. Idempotent. */
  close(): Promise<void>;
}

/** How long the closing handshakes of websockets may take, in milliseconds. */
const GOODBYE_MS = 500;

/**
 * Starts a hub on 127.0.0.1.
 *
 * @throws when the port is taken
 */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const traits = traitsFor(options);
  const { port = 0, leaseSeconds = traits.leaseSeconds, answerTimeoutMs = 10_000 } = options;
  const log = new HubLog(options.onMessage);
  const tokens = new AccessTokens();
  let life = newLife();
  const sessions = new Map<string, TestSession>();
  const refusals: Refusal[] = [];
  const losses: LostAnswer[] = [];
  const takers: RequestTaker[] = [];
  const sockets = new WebSocketServer({ noServer: true, maxPayload: BODY_LIMIT_BYTES });

  const server = createServer(async (request, response) => {
    if (takers.some((take) => take(request, response))) return;
    const handle = (incoming: IncomingMessage, at: URL) => handleHubRequest(state, incoming, at);
    const answer = await serve(request, response, handle, traits.cors);
    await answer.afterwards?.();
  });
  const own = await listen(server, options.network ? 0 : port);
  const network = options.network ? await openNetwork(server, own, port) : undefined;
  const origin = network?.origin ?? own;
  const url = origin + traits.path;
  const draftUrl = origin + traits.draftPath;
  const socketOrigin = origin.replace('http:', 'ws:');

  const hub: TestHub = {
    url,
    draftUrl,
    traits,
    wellKnown: discoveryDocument(traits),
    network,
    get crashed() {
      return shared.crashed;
    },
    log: log.messages,
    openSession({ scope, ehr } = {}) {
      const session = new TestSession({ ...settings, ehr: { ...settings.ehr, ...ehr } }, scope);
      sessions.set(session.id, session);
      return session;
    },
    refuseNext: (refusal = {}) => void refusals.push(refusal),
    loseNextAnswer: (lost = {}) => void losses.push(lost),
    session: (topic) => state.findSession(topic),
    alongside: (take) => void takers.unshift(take),
    waitFor: (fits, wait) => log.waitFor(fits, wait),
    restart(how) {
      life.abort();
      life = newLife();
      for (const session of sessions.values()) session.restart(how);
      if (!how.memory) shared.forget();
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
    },
    async close() {
      for (const timer of beats) clearInterval(timer);
      life.abort();
      // What cannot pass the network need not be waited for.
      network?.heal();
      network?.closeHalfOpen();
      for (const session of sessions.values()) session.close();
      await goodbye(sockets);
      await closeServer(server);
      await network?.close();
    },
  };
  let numbers = 0;
  const shared = newHubShared(traits, {
    members: () => [...sessions.values()].flatMap(({ members }) => members),
    crashed(by) {
      log.record({ direction: 'out', kind: 'crash', fields: { by } });
      for (const timer of beats) clearInterval(timer);
      life.abort();
      network?.refuse();
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  });
  const settings: SessionSettings = {
    hubUrl: url,
    draftHubUrl: draftUrl,
    websocketUrl: socketOrigin + traits.socketPath,
    traits,
    ehr: options.ehr ?? {},
    shared,
    nextNumber: () => numbers++,
    leaseSeconds,
    answerTimeoutMs,
    tokens,
    record: log.record,
    life: () => life.signal,
  };
  const state = {
    traits,
    shared,
    tokens,
    record: log.record,
    echoFirst: options.echoFirst ?? traits.echoFirst,
    refusals,
    losses,
    wellKnown: () => hub.wellKnown,
    // A session is known by its id, and by its URL on either of the hub's own.
    findSession: (topic: string, isSubscribed = false): TestSession | undefined => {
      const bases = [draftUrl, url].map((base) => base.replace(/\/?$/, '/'));
      const id = bases.reduce((rest, base) => (rest.startsWith(base) ? rest.slice(base.length) : rest), topic);
      const session = sessions.get(id);
      const makesOne = traits.topics === 'any' || (traits.topics === 'subscribed' && isSubscribed);
      if (session !== undefined || !makesOne) return session;
      const stray = new TestSession(settings, undefined, id);
      sessions.set(id, stray);
      return stray;
    },
  };

  const { heartbeat, keepalive } = traits;
  const beats = [
    every(heartbeat, (how) => {
      for (const session of sessions.values()) session.directory.beat(how);
    }),
    every(keepalive, ({ form }) => {
      log.record({ direction: 'out', kind: 'keepalive', channel: 'websocket' });
      for (const socket of sockets.clients) socket.send(keepaliveFrame(form));
    }),
  ];

  const door = {
    sockets,
    traits,
    shared,
    record: log.record,
    sessions: () => sessions.values(),
    findSession: state.findSession,
  };
  server.on('upgrade', (request, socket, head) => openDoor(door, request, socket, head));
  return hub;
}

/** Does something again and again, if at all. The timer keeps no process alive. */
function every<How extends { seconds: number }>(how: How | undefined, act: (how: How) => void) {
  const timer = how && setInterval(() => act(how), how.seconds * 1000);
  // In Jest's jsdom, timers are numbers.
  timer?.unref?.();
  return timer;
}

/** Puts a network before a hub; where its port is taken, the hub goes too. */
async function openNetwork(server: Server, hub: string, port: number): Promise<OwnedNetwork> {
  try {
    return await startOwnedNetwork(hub, port);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
}

/** What is under way ends with it, however much that is. */
function newLife(): AbortController {
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  return life;
}

/** Gives websockets the time for a closing handshake, and cuts those that do not take it. */
async function goodbye(sockets: WebSocketServer): Promise<void> {
  const open = [...sockets.clients];
  const cut = setTimeout(() => {
    for (const socket of open) socket.terminate();
  }, GOODBYE_MS);
  await Promise.all(open.map((socket) => (socket.readyState === socket.CLOSED ? undefined : once(socket, 'close'))));
  clearTimeout(cut);
  sockets.close();
}
