import { optionInvalid } from '../errors/errors.ts';
import { joinUrl } from '../web/url.ts';
import type { Dialect, DialectName, Fields, SubscriptionRequest } from './dialect.ts';
import { habits } from './habits.ts';

const subscribeFields = (request: SubscriptionRequest): Fields => ({
  'hub.channel.type': request.channel,
  'hub.channel.endpoint': request.endpoint,
  'hub.callback': request.callback,
  'hub.secret': request.callback && request.secret,
  'hub.topic': request.topic,
  'hub.events': request.events.join(','),
  'hub.lease_seconds': request.leaseSeconds?.toString(),
  'subscriber.name': request.subscriberName,
});

/** Before STU3 no app had a name. */
const namelessFields = (request: SubscriptionRequest): Fields => ({
  ...subscribeFields(request),
  'subscriber.name': undefined,
});

const draftFields = (request: SubscriptionRequest): Fields => ({
  ...namelessFields(request),
  // Sent whatever the channel: the sandbox hub of 2018 delivers nothing to a websocket that has none.
  'hub.secret': request.secret,
});

const unsubscribeFields = (request: SubscriptionRequest): Fields => ({
  'hub.channel.type': request.channel,
  'hub.channel.endpoint': request.endpoint,
  'hub.callback': request.callback,
  'hub.topic': request.topic,
});

const belowHub = (hubUrl: string, topic: string): string => joinUrl(hubUrl, encodeURIComponent(topic));

const isUrl = (topic: string): boolean => /^https?:\/\//i.test(topic);

const isEqual = (ours: string, theirs: string): boolean => ours === theirs;

// The examples of early January 2019 and of the ballot write just the last segment of the session's URL.
const isEqualOrTail = (ours: string, theirs: string): boolean =>
  ours === theirs || (theirs !== '' && isUrl(ours) && theirs === ours.slice(ours.lastIndexOf('/') + 1));

// An open was two events: opening a chart, and switching to one that was open. Subscribing to one of them alone would miss
// half of what the user does.
const DRAFT_SPELLINGS = /* @__PURE__ */ new Map<string, readonly string[]>([
  ['Patient-open', ['open-patient-chart', 'switch-patient-chart']],
  ['Patient-close', ['close-patient-chart']],
  ['ImagingStudy-open', ['open-imaging-study', 'switch-imaging-study']],
  ['ImagingStudy-close', ['close-imaging-study']],
  ['SyncError', ['sync-error']],
  ['UserLogout', ['user-logout']],
  ['UserHibernate', ['user-hibernate']],
]);

const asNamed = (name: string): readonly string[] => [name];
const inLowerCase = (name: string): readonly string[] => [name.toLowerCase()];
const asDrafted = (name: string): readonly string[] => DRAFT_SPELLINGS.get(name) ?? [name];

/** STU3 (3.0.0): an opaque session, websockets, and STU2's webhooks where a hub still has them. */
const stu3: Dialect = {
  ...habits,
  id: 'stu3',
  channel: 'websocket',
  discovery: true,
  sendsSyncErrors: true,
  replaysContext: true,
  contextForm: 'object',
  notFoundIsNoContext: false,
  anonymousClose: false,
  subscribeFields,
  unsubscribeFields,
  sessionUrl: belowHub,
  isOurTopic: isEqual,
  spell: asNamed,
};

/** STU2 (2020): websockets, and webhooks where a hub has them. */
const stu2: Dialect = {
  ...habits,
  id: 'stu2',
  channel: 'websocket',
  discovery: true,
  sendsSyncErrors: true,
  // Its text has neither a replay nor a request for the current context. Hubs answer that with what is open, and no more.
  replaysContext: false,
  contextForm: 'array',
  notFoundIsNoContext: false,
  anonymousClose: false,
  subscribeFields: namelessFields,
  unsubscribeFields,
  sessionUrl: belowHub,
  isOurTopic: isEqual,
  spell: inLowerCase,
};

/** STU1 (2019): a session that is opaque, and webhooks; with the websockets of the February 2020 ballot. */
const stu1: Dialect = {
  ...habits,
  id: 'stu1',
  channel: 'either',
  // STU1 itself knows webhooks alone and has no such field. The February 2020 ballot adds websockets, and the field.
  namesWebhooks: false,
  verifiesUnsubscribe: true,
  discovery: false,
  sendsSyncErrors: true,
  replaysContext: false,
  contextForm: 'array',
  notFoundIsNoContext: false,
  anonymousClose: false,
  subscribeFields: namelessFields,
  unsubscribeFields: namelessFields,
  sessionUrl: belowHub,
  isOurTopic: isEqual,
  spell: inLowerCase,
};

/** The January 2019 draft: a session that is a URL, and webhooks. */
const draft: Dialect = {
  ...habits,
  id: 'draft',
  channel: 'webhook',
  // Any frame that is not an event ends the process of the sandbox hub of 2018, an acknowledgement too. A webhook is answered 200
  // or by an error: 202, which later texts have, is one.
  acknowledgements: 'none',
  publishTo: 'session',
  // The sandbox hubs of 2018 and 2024 take any channel type, `webhook` included, for a websocket.
  namesWebhooks: false,
  verifiesUnsubscribe: true,
  discovery: false,
  sendsSyncErrors: false,
  replaysContext: false,
  contextForm: 'envelope',
  notFoundIsNoContext: true,
  anonymousClose: true,
  subscribeFields: draftFields,
  unsubscribeFields: draftFields,
  // The session is a URL of its own. Hubs that give an opaque one take it behind the hub's URL.
  sessionUrl: (hubUrl, topic) => (isUrl(topic) ? topic : belowHub(hubUrl, topic)),
  isOurTopic: isEqualOrTail,
  spell: asDrafted,
};

/** The May 2019 ballot: the draft under another launch parameter, with an event for what went wrong. */
const ballot: Dialect = { ...draft, id: 'ballot', sendsSyncErrors: true };

/** Every version of FHIRcast, the newest first. What single hubs have beside them are `Habits` and profiles. */
const VERSIONS: Readonly<Record<DialectName, Dialect>> = { stu3, stu2, stu1, ballot, draft };

/**
 * The version with a name.
 *
 * @param name its name
 * @throws FhircastError `option-invalid` when there is no such version
 */
export function dialectOf(name: DialectName): Dialect {
  const names = Object.keys(VERSIONS);
  if (!names.includes(name)) throw optionInvalid('dialect', `one of ${names.join(', ')}`);
  return VERSIONS[name];
}
