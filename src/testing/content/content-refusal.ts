import type { ContentStatuses, ContentTrait } from '../ground/content-traits.ts';
import { HttpRefusal } from '../ground/http-server.ts';

/** Why an update or a select is refused. */
export type RefusalReason = keyof ContentStatuses | 'tooLong';

/** The status by which a Bundle is refused that is too large (STU3, 2.10). */
const TOO_LARGE = 413;

/** An update or a select that the hub does not take: nothing of it is applied. */
export class ContentRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, text: string) {
    super(text);
    this.reason = reason;
  }

  /** The same as the answer to the request. */
  asAnswer({ statuses }: ContentTrait): HttpRefusal {
    return new HttpRefusal(this.reason === 'tooLong' ? TOO_LARGE : statuses[this.reason], this.message);
  }
}
