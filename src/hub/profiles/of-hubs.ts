import type { HubProfile } from './profile.ts';

/** The community JavaScript sandbox hub of December 2018: the draft, by webhook or by a websocket that the app names itself. */
export const jsSandbox2018: HubProfile = {
  name: 'jsSandbox2018',
  dialect: 'draft',
  channel: 'either',
  bindPath: 'bind',
  // A frame that is no event ends its process.
  acknowledgements: 'none',
  // A POST on the bare hub is read as a subscription, and ends it too.
  publishTo: 'session',
  // Names are compared to the letter, and each app has its own.
  spellings: 'every',
  unsubscribeEnds: 'everyone',
  // One context for all sessions, which outlives a close.
  keepsContext: false,
};

/** The community JavaScript sandbox hub of June 2024: STU3, but for where events are sent. */
export const jsSandbox2024: HubProfile = {
  name: 'jsSandbox2024',
  // A webhook is what names no channel.
  namesWebhooks: false,
  // A frame is read as an event.
  acknowledgements: 'none',
  // A POST on the bare hub is read as a subscription, and ends it.
  publishTo: 'session',
  spellings: 'every',
  // Its own configuration says which host it is, often `localhost`.
  rewriteEndpoint: 'hub-host',
  unsubscribeEnds: 'namesakes',
  // Any event takes the place of the context, a SyncError too.
  keepsContext: false,
};

/** The .NET sandbox hub of 2019: the draft, by webhook. */
export const netSandbox2019: HubProfile = {
  name: 'netSandbox2019',
  dialect: 'draft',
  channel: 'webhook',
  // Its verification of an unsubscription lacks the challenge, so that no answer is right.
  verifiesUnsubscribe: false,
};

/**
 * A Java hub of January 2019: the draft, subscribed to by JSON at the session's URL. Nobody can check its signatures: nothing of
 * it reaches the app unless {@link unverifiedSignatures} is given beside this.
 */
export const javaHub2019: HubProfile = {
  name: 'javaHub2019',
  dialect: 'draft',
  channel: 'webhook',
  subscribesBy: 'json',
  sendsTwice: true,
};

/** Medplum's STU2 endpoint. */
export const medplumStu2: HubProfile = {
  name: 'medplumStu2',
  dialect: 'stu2',
  channel: 'websocket',
  unsubscribesByEvents: true,
  // Its hub of 2026 finds a subscription by this, and denies everybody's of the topic where it is missing.
  unsubscribesByEndpoint: true,
  closeClears: true,
  derivesEvents: true,
};

/** Medplum's STU3 endpoint. */
export const medplum: HubProfile = {
  name: 'medplum',
  dialect: 'stu3',
  channel: 'websocket',
  unsubscribesByEvents: true,
  // Its hub of 2026 finds a subscription by this, and denies everybody's of the topic where it is missing.
  unsubscribesByEndpoint: true,
  closeClears: true,
  derivesEvents: true,
};

/**
 * Apps on Medplum that know a report by its study alone, as a reporting AI does: such a report has no anchor and no patient, and
 * its updates are taken for those of the current one as long as nothing in them says otherwise.
 */
export const radAi: HubProfile = /* @__PURE__ */ (() => ({ ...medplum, name: 'radAi', anonymousOpen: true }))();

/** PowerCast, the hub of a radiology reporting product: STU2, but for how an app names itself and where events are sent. */
export const powerCast: HubProfile = {
  name: 'powerCast',
  dialect: 'stu2',
  channel: 'websocket',
  namesSubscriberTwice: true,
  publishTo: 'session',
};

/** Cast hubs, for image viewers: STU3 by websocket, which they confirm in their own way. */
export const castHub: HubProfile = {
  name: 'castHub',
  dialect: 'stu3',
  channel: 'websocket',
  confirmedBy: 'established',
  // By webhook it verifies as the sandbox hubs do, and shares none of their other habits.
  publishTo: 'hub',
  unsubscribeEnds: 'itself',
  keepsContext: true,
};

/** A vendor's .NET prototype, which delivers nothing before its first frame has been answered. */
export const netPrototype: HubProfile = {
  name: 'netPrototype',
  dialect: 'stu2',
  channel: 'websocket',
  answersHandshake: true,
};

/** What viewers do for a commercial radiology hub: STU2, and the endpoint is sent back when the socket opens. */
export const radiology: HubProfile = { name: 'radiology', dialect: 'stu2', channel: 'websocket', sendsEndpoint: true };
