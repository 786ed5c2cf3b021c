import type { IncomingMessage } from 'node:http';
import { canonicalName } from '../../events/names.ts';
import { ContentRefusal } from '../content/content-refusal.ts';
import type { TakenContent } from '../content/shared-content.ts';
import { type Access, type AccessGrant, type AccessTokens, covers } from '../ground/authorization.ts';
import { type HttpAnswer, HttpRefusal, json, mediaType, parseForm, readBody } from '../ground/http-server.ts';
import type { HubEvent } from '../ground/hub-event.ts';
import type { HubMessageEntry, HubMessageKind, Recorder } from '../ground/log.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { HubShared } from '../session/hub-state.ts';
import type { TestSession } from '../session/test-session.ts';
import { parseSubscribeRequest } from '../subscriptions/subscribe-request.ts';
import { handleConference } from './conference-requests.ts';
import { tellRefusal } from './error-answer.ts';
import { type LostAnswer, takeLost } from './lost-answer.ts';
import { readEvent } from './published-event.ts';
import { checkReport } from './report-checks.ts';
import { route, tellAccepted } from './routing.ts';
import { tellContext } from './tell-context.ts';
import { handleUnchecked, isUncheckedWebSocket } from './unchecked-subscription.ts';

/** A request that the hub refuses on demand. */
export interface Refusal {
  /** The HTTP status. Default 500. */
  status?: number;
  /** The body. Default a sentence. */
  text?: string;
  /** Headers beside the usual ones, such as `Retry-After`. */
  headers?: Record<string, string>;
  /** Only a request of this kind. Default the next of any kind but discovery. */
  kind?: Extract<HubMessageKind, 'subscribe' | 'unsubscribe' | 'publish' | 'context' | 'discovery'>;
}

/** What the handling of requests needs of the hub. */
export interface HubState {
  /** What the hub does, point by point. */
  readonly traits: HubTraits;
  /** What all sessions share. */
  readonly shared: HubShared;
  readonly tokens: AccessTokens;
  readonly record: Recorder;
  /** Send an event on and wait for the answers before the sender gets its own? */
  readonly echoFirst: boolean;
  /** The refusals that are still to come. */
  readonly refusals: Refusal[];
  /** The answers that are still to be lost. */
  readonly losses: LostAnswer[];
  /** The discovery document, or `undefined` when there is none. */
  wellKnown(): Record<string, unknown> | undefined;
  /** @param isSubscribed whether it is subscribed to, which makes the session in some hubs */
  findSession(topic: string, isSubscribed?: boolean): TestSession | undefined;
}

/** A request as far as its first bytes and its body tell. */
interface HubRequest {
  kind: HubMessageKind;
  draft: boolean;
  /** The topic in the path. */
  topic: string | undefined;
  body: string;
  /** The fields of a subscription, where they have been read already. */
  fields?: Record<string, string>;
  authorization: string | undefined;
}

/** Answers one request to the hub, and writes both to the log. */
export async function handleHubRequest(hub: HubState, incoming: IncomingMessage, url: URL): Promise<HttpAnswer> {
  let about: HubMessageKind = 'malformed';
  let asker: Partial<HubMessageEntry> = {};
  let answer: HttpAnswer;
  try {
    if (hub.traits.conferences && url.pathname === '/conference')
      return handleConference(incoming.method ?? '', await readBody(incoming), hub.shared.conferences);
    const request = await classify(hub, incoming, url);
    about = request.kind;
    const description = describe(hub, request);
    hub.record(description);
    asker = whoAsks(description);
    refuseOnDemand(hub, request.kind);
    const lost = takeLost(hub.losses, request.kind);
    if (lost !== undefined) {
      hub.record({ direction: 'out', kind: 'disturb', about, fields: { disturbance: 'lost-answer' }, ...asker });
      return { ...(lost.arrives ? await act(hub, request) : { status: 0 }), lost: lost.how };
    }
    answer = await act(hub, request);
  } catch (error) {
    if (!(error instanceof HttpRefusal)) throw error;
    if (about === 'malformed') hub.record({ direction: 'in', kind: about });
    answer = tellRefusal(error, hub.traits);
  }
  const { status, body } = answer;
  hub.record({ direction: 'out', kind: 'reply', about, status, ...asker, ...(body === undefined ? {} : { body }) });
  return answer;
}

async function classify(hub: HubState, incoming: IncomingMessage, url: URL): Promise<HubRequest> {
  // A slash at the end makes no difference.
  const path = url.pathname.replace(/\/$/, '');
  const { traits } = hub;
  const [ownPath, draftPath] = [traits.path, traits.draftPath].map((text) => text.replace(/\/$/, '')) as [
    string,
    string,
  ];
  const draft = draftPath !== ownPath && (path === draftPath || path.startsWith(`${draftPath}/`));
  const base = draft ? draftPath : ownPath;
  if (path !== base && !path.startsWith(`${base}/`)) throw new HttpRefusal(404, 'There is no hub at this path.');
  const rest = path === base ? undefined : path.slice(base.length + 1);
  const { authorization } = incoming.headers;
  const request = { draft, topic: undefined, body: '', authorization };
  if (rest === '.well-known/fhircast-configuration') return { ...request, kind: 'discovery' };
  if (rest?.includes('/') && traits.topics === 'any') throw new HttpRefusal(404, 'There is nothing at this path.');
  const topic = rest === undefined ? undefined : decodePath(rest);
  if (incoming.method === 'GET' && topic !== undefined) return { ...request, topic, kind: 'context' };
  if (incoming.method !== 'POST')
    throw new HttpRefusal(405, 'The hub answers to POST, and a session to GET and POST.', { Allow: 'GET, POST' });
  const body = await readBody(incoming, traits.bodyLimit);
  return { ...request, topic, ...route({ topic, type: mediaType(incoming), body }, traits) };
}

function whoAsks({ session, subscriber, channel }: HubMessageEntry): Partial<HubMessageEntry> {
  return {
    ...(session === undefined ? {} : { session }),
    ...(subscriber === undefined ? {} : { subscriber }),
    ...(channel === undefined ? {} : { channel }),
  };
}

function describe(hub: HubState, request: HubRequest): HubMessageEntry {
  const { kind, body, topic, authorization } = request;
  const holder = hub.tokens.find(authorization)?.holder;
  const entry: HubMessageEntry = {
    direction: 'in',
    kind,
    ...(body === '' ? {} : { body }),
    ...(holder === undefined ? {} : { subscriber: holder }),
  };
  const session = topic === undefined ? undefined : hub.findSession(topic)?.id;
  const known = session === undefined ? entry : { ...entry, session };
  if (kind === 'publish') return { ...known, ...describeEvent(hub, body) };
  if (kind !== 'subscribe' && kind !== 'unsubscribe') return known;
  const fields = request.fields ?? Object.fromEntries(new URLSearchParams(body));
  const isWebSocket = hub.traits.checksSubscriptions
    ? fields['hub.channel.type'] === 'websocket'
    : isUncheckedWebSocket(fields);
  const subscribed = hub.findSession(fields['hub.topic'] ?? '')?.id;
  return {
    ...known,
    fields,
    channel: isWebSocket ? 'websocket' : 'webhook',
    ...(subscribed === undefined ? {} : { session: subscribed }),
    ...(fields[hub.traits.nameField] ? { subscriber: String(fields[hub.traits.nameField]) } : {}),
    ...(fields['hub.events'] ? { event: fields['hub.events'] } : {}),
  };
}

function describeEvent(hub: HubState, body: string): Partial<HubMessageEntry> {
  try {
    const read = readEvent(body, hub.traits);
    if (read === undefined) return {};
    const { event, topic } = read;
    const session = hub.findSession(topic)?.id;
    return { event: event.name, eventId: event.id, ...(session === undefined ? {} : { session }) };
  } catch {
    return {};
  }
}

function refuseOnDemand(hub: HubState, kind: HubMessageKind): void {
  const index = hub.refusals.findIndex((refusal) =>
    refusal.kind === undefined ? kind !== 'discovery' : refusal.kind === kind,
  );
  const [refusal] = index < 0 ? [] : hub.refusals.splice(index, 1);
  if (refusal !== undefined)
    throw new HttpRefusal(refusal.status ?? 500, refusal.text ?? 'Refused on demand.', refusal.headers);
}

function act(hub: HubState, request: HubRequest): HttpAnswer | Promise<HttpAnswer> {
  switch (request.kind) {
    case 'discovery':
      return discover(hub, request.draft);
    case 'context':
      return getContext(hub, request);
    case 'publish':
      return publish(hub, request);
    default:
      return subscribe(hub, request);
  }
}

function discover(hub: HubState, draft: boolean): HttpAnswer {
  const document = draft ? undefined : hub.wellKnown();
  if (document !== undefined) return json(200, document);
  const body = '<!DOCTYPE html><title>Not found</title><h1>Not found</h1>';
  return { status: 404, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body };
}

async function subscribe(hub: HubState, { body, fields, authorization }: HubRequest): Promise<HttpAnswer> {
  const { traits, shared } = hub;
  if (!traits.checksSubscriptions) {
    const { directory } = requireSession(hub, fields?.['hub.topic'] ?? '');
    const named = nameHolder(hub.tokens.find(authorization));
    return handleUnchecked(fields ?? {}, directory, { traits, shared, named });
  }
  const grant = authorize(hub, authorization);
  const request = parseSubscribeRequest(fields ?? parseForm(body), traits);
  if (request.mode === 'subscribe') hub.findSession(request.topic, true);
  const session = requireSession(hub, request.topic);
  requireAccess(grant, session, request.events, 'read');
  // A subscriber that knows the session by its URL speaks a version without context versions.
  const { contextVersions } = traits;
  const versioned = contextVersions === 'by-topic' ? request.topic === session.id : contextVersions === 'always';
  return session.directory.handle(request, { versioned, client: grant?.client, named: nameHolder(grant) });
}

function getContext(hub: HubState, { topic = '', draft, authorization }: HubRequest): HttpAnswer {
  const grant = authorize(hub, authorization);
  const session = requireSession(hub, topic);
  requireAccess(grant, session, [undefined], 'read');
  return tellContext(session, hub.traits, hub.shared, draft);
}

async function publish(hub: HubState, { topic: pathTopic, body, authorization }: HubRequest): Promise<HttpAnswer> {
  const { traits } = hub;
  const grant = authorize(hub, authorization);
  const read = readEvent(body, traits);
  if (read === undefined) return tellAccepted(body, traits);
  const { event, topic } = read;
  if (!traits.publishAt.includes(pathTopic === undefined ? 'hub' : 'session')) {
    const place = pathTopic === undefined ? "the session's URL" : 'the URL of the hub';
    throw new HttpRefusal(404, `This hub takes events at ${place}.`);
  }
  const session = requireSession(hub, pathTopic ?? topic);
  if (traits.topics !== 'any' && hub.findSession(topic) !== session)
    throw new HttpRefusal(400, 'event.hub.topic is not the topic in the path.');
  requireAccess(grant, session, [event.name], 'write');
  if (traits.home === 'refused' && canonicalName(event.name) === 'Home-open')
    throw new HttpRefusal(400, 'This hub knows no such event.');
  if (traits.content !== undefined) checkReport(session, event, traits.content);
  const answer = tellAccepted(body, traits);
  const holder = grant?.holder;
  const asker = holder === undefined ? undefined : session.directory.all.find(({ name }) => name === holder);
  const taken = takeContent(session, event, traits);
  if (taken instanceof ContentRefusal)
    return { ...answer, afterwards: async () => session.refuseLate(event, asker, taken) };
  if (taken.isPartial) answer.status = PARTIAL_CONTENT;
  // It was sent on when it came for the first time.
  if (taken.event === undefined) return answer;
  const sending = taken.event;
  const sender = traits.echo === 'others' ? asker : undefined;
  if (!hub.echoFirst) return { ...answer, afterwards: async () => void (await session.distribute(sending, sender)) };
  const { answers, broken } = await session.distribute(sending, sender);
  if (traits.withoutSubscribers === 'refused' && answers.length === 0)
    throw new HttpRefusal(404, `Could not find any subscriptions for sessionId ${pathTopic ?? ''}.`);
  if (broken !== undefined) throw new HttpRefusal(500, `There was ${broken}.`);
  return answer;
}

/** What a select of what is not known is answered with (IHE RAD.IRA, RAD-151). */
const PARTIAL_CONTENT = 206;

/**
 * Takes an event that changes or selects content before it is answered: whoever comes second finds another version.
 *
 * @returns the refusal that its sender hears of later, by a SyncError
 * @throws the refusal that answers the request
 */
function takeContent(session: TestSession, event: HubEvent, { content }: HubTraits): TakenContent | ContentRefusal {
  try {
    return session.take(event);
  } catch (error) {
    if (!(error instanceof ContentRefusal) || content === undefined) throw error;
    if (content.refusals === 'sync-error') return error;
    throw error.asAnswer(content);
  }
}

/** Remembers the name of the subscriber that uses a token. */
function nameHolder(grant: AccessGrant | undefined): (name: string) => void {
  return (name) => {
    if (grant !== undefined) grant.holder = name;
  };
}

/** The grant of a request, or `undefined` at a hub that knows no tokens. */
function authorize({ tokens, traits }: HubState, authorization: string | undefined): AccessGrant | undefined {
  return traits.tokens === 'required' ? tokens.require(authorization) : undefined;
}

function requireSession(hub: HubState, topic: string): TestSession {
  const session = hub.findSession(topic);
  if (session === undefined)
    throw new HttpRefusal(hub.traits.topics === 'subscribed' ? 400 : 404, 'There is no such topic.');
  return session;
}

/** @param events `undefined` stands for "any event at all" */
function requireAccess(
  grant: AccessGrant | undefined,
  session: TestSession,
  events: readonly (string | undefined)[],
  access: Access,
): void {
  if (grant === undefined) return;
  if (grant.sessionId !== session.id) throw new HttpRefusal(403, 'The access token is for another session.');
  for (const event of events) {
    if (!covers(grant.scope, event, access))
      throw new HttpRefusal(403, `The scope does not cover ${event ?? 'any event'} (${access}).`);
  }
}

function decodePath(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpRefusal(400, 'The path is not well-formed.');
  }
}
