import type { HubTraits } from '../ground/traits.ts';
import { standardContent } from './standard-content.ts';
import { stu3 } from './stu3.ts';

/**
 * A hub of IHE's profile Integrated Reporting Applications (RAD-146 to RAD-156): a subscription makes its session and needs a name,
 * reports are opened with their patient and study, selects have versions, and what is not known of them is a 206.
 */
export const ira: HubTraits = {
  ...stu3,
  tokens: 'unknown',
  topics: 'subscribed',
  subscriberName: 'required',
  content: {
    ...standardContent,
    anchors: ['DiagnosticReport'],
    statuses: { version: 400, notOpen: 409, notCurrent: 409, invalid: 400 },
    // The text refers to STU3, and the examples add by POST.
    putMethods: ['PUT', 'POST'],
    identityEdits: 'refused',
    selectVersions: 'new',
    unknownSelected: 'partial-content',
    selectWithoutKey: 'refused',
    closesOfUnopened: 'refused',
    closeVersions: 'new',
    reportKeys: ['report', 'patient', 'study'],
  },
};
