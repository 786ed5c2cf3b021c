import type { ContentTrait } from '../ground/content-traits.ts';

/** Content sharing to the letter of STU3 (2.10). Every personality says only where it departs from it. */
export const standardContent: ContentTrait = {
  anchors: 'any',
  nonCurrentUpdates: false,
  refusals: 'status',
  statuses: { version: 409, notOpen: 409, notCurrent: 409, invalid: 400 },
  maxEntries: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
  repeatedIds: 'answered',
  putMethods: ['PUT'],
  bundleKeys: ['updates'],
  deletesOfUnknown: 'ignored',
  deletesOfOpened: 'refused',
  identityEdits: 'taken',
  fullUrls: 'kept',
  afterClose: 'disposed',
  reopenedVersion: 'new',
  replayedVersion: 'current',
  selectVersions: 'untold',
  unknownSelected: 'ignored',
  selectWithoutKey: 'clears',
  closesOfUnopened: 'taken',
  closeVersions: 'untold',
  reportKeys: [],
  versionInAnchor: false,
};
