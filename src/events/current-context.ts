import { type ContextEntry, ContextResources } from './context.ts';

/** The context of a session, in one shape whatever the hub's version answers. */
export class CurrentContext extends ContextResources {
  /** The type of the anchor: `Patient`, `ImagingStudy`, `DiagnosticReport` … */
  readonly type: string;
  /** The id of the event that made it, where the hub says so. */
  readonly id: string | undefined;
  /** When it was made, as the hub wrote it; `undefined` when the hub does not say. */
  readonly timestamp: string | undefined;
  /** When it was made, in milliseconds since 1970; `undefined` when that cannot be read or relied on. */
  readonly time: number | undefined;
  /** The version of the context (STU3, content sharing). */
  readonly versionId: string | undefined;

  constructor(
    type: string,
    context: readonly ContextEntry[],
    made: Partial<Pick<CurrentContext, 'id' | 'timestamp' | 'time' | 'versionId'>> = {},
  ) {
    super(context);
    this.type = type;
    this.id = made.id;
    this.timestamp = made.timestamp;
    this.time = made.time;
    this.versionId = made.versionId;
    Object.freeze(this);
  }

  protected override get anchorType(): string {
    return this.type;
  }
}
