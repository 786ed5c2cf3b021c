import type { Dialect } from './dialect.ts';
import { stu2 } from './stu2.ts';

/** STU1 (2019): a session that is opaque, and webhooks; with the websockets of the February 2020 ballot. */
export const stu1: Dialect = {
  ...stu2,
  id: 'stu1',
  channel: 'either',
  // STU1 itself knows webhooks alone and has no such field. The February 2020 ballot adds websockets, and the field.
  namesWebhooks: false,
  discovery: false,
  verifiesUnsubscribe: true,
  unsubscribeFields: stu2.subscribeFields,
};
