import type { InboxOptions } from '../../src/following/inbox.ts';

const nothing = () => {};

/** What an inbox tells the rest of a client, where a test looks at none of it. A test replaces what it looks at. */
export const UNHEARD = {
  record: nothing,
  isEcho: () => false,
  recovery: {
    mayReplay: false,
    takes: () => false,
    takesStale: () => false,
    hint: nothing,
    replayed: () => false,
    followed: nothing,
  },
  doubted: nothing,
  incomplete: nothing,
  heartbeat: nothing,
  repeated: nothing,
  received: nothing,
  settled: nothing,
  refused: nothing,
  late: nothing,
  progress: nothing,
} satisfies Partial<InboxOptions>;
