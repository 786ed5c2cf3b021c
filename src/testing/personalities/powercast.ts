import type { HubTraits } from '../ground/traits.ts';
import { standard } from './standard.ts';
import { standardContent } from './standard-content.ts';

/** How long PowerCast's subscriptions last, in seconds: a day. */
const LEASE_SECONDS = 86_400;

/**
 * PowerCast, the hub of a radiology reporting product: websockets that want the fields of a webhook too, contexts told in an array
 * and in the answer to a subscription, and `null` for what there is not.
 */
export const powercast: HubTraits = {
  ...standard,
  path: '/api/hub',
  draftPath: '/api/hub',
  discovery: undefined,
  channelType: 'required',
  channels: ['websocket'],
  webhookFieldsOfWebsockets: 'required',
  nameField: 'hub.subscriber',
  leaseSeconds: LEASE_SECONDS,
  contextsInAnswer: true,
  replay: false,
  publishAt: ['session'],
  publishTypes: ['application/json'],
  message: 'nulls',
  contextVersions: 'always',
  contextForm: 'contexts',
  content: {
    ...standardContent,
    anchors: ['DiagnosticReport'],
    putMethods: ['PUT', 'POST'],
    bundleKeys: ['updates', 'bundle', 'content'],
    versionInAnchor: true,
  },
};
