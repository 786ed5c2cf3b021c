import {
  endpointOnHubHost,
  endpointSentBack,
  everySpelling,
  fhirJson,
  namedWebhooks,
  noAcknowledgements,
  noConfirmation,
  okOnly,
  publishToSession,
  unnamedWebhooks,
  unreliableContext,
  unsubscribeByEvents,
  unverifiedSignatures,
} from './of-habits.ts';
import {
  castHub,
  javaHub2019,
  jsSandbox2018,
  jsSandbox2024,
  medplum,
  medplumStu2,
  netPrototype,
  netSandbox2019,
  powerCast,
  radAi,
  radiology,
} from './of-hubs.ts';

// One by one: a bundler keeps a namespace that is spread out, also for an app that needs no profile.

/**
 * What hubs in the field need that no version of the specification describes. Most hubs need none of them: which one does is
 * told in docs/hubs.md.
 *
 * @example
 * ```ts
 * const client = await FhircastClient.fromSmartLaunch(undefined, { profile: profiles.jsSandbox2018 });
 * ```
 */
export const profiles = {
  jsSandbox2018,
  jsSandbox2024,
  netSandbox2019,
  javaHub2019,
  medplumStu2,
  medplum,
  radAi,
  powerCast,
  castHub,
  netPrototype,
  radiology,
  okOnly,
  noAcknowledgements,
  publishToSession,
  fhirJson,
  endpointSentBack,
  noConfirmation,
  endpointOnHubHost,
  everySpelling,
  unnamedWebhooks,
  namedWebhooks,
  unsubscribeByEvents,
  unreliableContext,
  unverifiedSignatures,
};
