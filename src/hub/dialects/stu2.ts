import type { Dialect } from './dialect.ts';
import { stu3 } from './stu3.ts';

/** STU2 (2020): websockets, and webhooks where a hub has them. */
export const stu2: Dialect = {
  ...stu3,
  id: 'stu2',
  // Its text has neither a replay nor a request for the current context. Hubs answer that with what is open, and no more.
  replaysContext: false,
  contextForm: 'array',
  subscribeFields: (request) => ({ ...stu3.subscribeFields(request), 'subscriber.name': undefined }),
  spell: (name) => [name.toLowerCase()],
};
