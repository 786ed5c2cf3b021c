import { CONTENT_ADVICE, type ContentErrorCode } from '../errors/content-advice.ts';
import { FhircastError, type FhircastErrorDetails } from '../errors/errors.ts';
import type { ResourceChanges } from './content-change.ts';

/** What goes with an error of content sharing. */
export interface ContentErrorDetails extends FhircastErrorDetails {
  /** What others have changed. */
  changes?: ResourceChanges;
}

/** Content cannot be shared, or a change of it was not taken. */
export class ContentError extends FhircastError {
  override name = 'ContentError';
  /**
   * What others have changed of that which this app wanted to change, by types and ids, in a `content-conflict`; `undefined` otherwise.
   */
  readonly changes: ResourceChanges | undefined;

  constructor(code: ContentErrorCode, details: ContentErrorDetails = {}) {
    super(code, details, CONTENT_ADVICE[code]);
    this.changes = details.changes;
  }
}
