import type { Dialect, Fields, SubscriptionRequest } from './dialect.ts';
import { habits } from './habits.ts';
import { stu2 } from './stu2.ts';

// An open was two events: opening a chart, and switching to one that was open. Subscribing to one of them alone would miss
// half of what the user does.
const SPELLINGS = /* @__PURE__ */ new Map<string, readonly string[]>([
  ['Patient-open', ['open-patient-chart', 'switch-patient-chart']],
  ['Patient-close', ['close-patient-chart']],
  ['ImagingStudy-open', ['open-imaging-study', 'switch-imaging-study']],
  ['ImagingStudy-close', ['close-imaging-study']],
  ['SyncError', ['sync-error']],
  ['UserLogout', ['user-logout']],
  ['UserHibernate', ['user-hibernate']],
]);

const isUrl = (topic: string): boolean => /^https?:\/\//i.test(topic);

const fields = (request: SubscriptionRequest): Fields => ({
  ...stu2.subscribeFields(request),
  // Sent whatever the channel: the sandbox hub of 2018 delivers nothing to a websocket that has none.
  'hub.secret': request.secret,
});

/** The January 2019 draft: a session that is a URL, and webhooks. */
export const draft: Dialect = {
  ...habits,
  id: 'draft',
  channel: 'webhook',
  discovery: false,
  // Any frame that is not an event ends the process of the sandbox hub of 2018, an acknowledgement too. A webhook is answered 200
  // or by an error: 202, which later texts have, is one.
  acknowledgements: 'none',
  publishTo: 'session',
  // The sandbox hubs of 2018 and 2024 take any channel type, `webhook` included, for a websocket.
  namesWebhooks: false,
  sendsSyncErrors: false,
  replaysContext: false,
  contextForm: 'envelope',
  notFoundIsNoContext: true,
  anonymousClose: true,
  verifiesUnsubscribe: true,
  subscribeFields: fields,
  unsubscribeFields: fields,
  // The session is a URL of its own. Hubs that give an opaque one take it behind the hub's URL.
  sessionUrl: (hubUrl, topic) => (isUrl(topic) ? topic : stu2.sessionUrl(hubUrl, topic)),
  // The examples of early January 2019 and of the ballot write just the last segment of the session's URL.
  isOurTopic: (ours, theirs) =>
    ours === theirs || (theirs !== '' && isUrl(ours) && theirs === ours.slice(ours.lastIndexOf('/') + 1)),
  spell: (name) => SPELLINGS.get(name) ?? [name],
};
