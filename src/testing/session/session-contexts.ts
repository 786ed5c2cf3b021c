import { type HeldContent, SharedContent, type TakenContent } from '../content/shared-content.ts';
import { withVersionInAnchor } from '../content/version-in-anchor.ts';
import type { ContextKeeper } from '../context/context-keeper.ts';
import { newContextKeeper } from '../context/new-context-keeper.ts';
import type { OpenContext } from '../context/open-contexts.ts';
import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';
import { anchorIdIn } from '../ground/resource-key.ts';
import type { HubTraits } from '../ground/traits.ts';

/** What is open in a session, and what is shared of it. */
export class SessionContexts {
  readonly #traits: HubTraits;
  #context: ContextKeeper;
  #content: SharedContent | undefined;

  constructor(traits: HubTraits) {
    this.#traits = traits;
    this.#context = newContextKeeper(traits);
    this.#content = newContent(traits);
  }

  /** The current context in its version now, if there is one. */
  get current(): OpenContext | undefined {
    const { current } = this.#context;
    return current && this.#asNow(current);
  }

  /** The current anchor, such as `DiagnosticReport/1`. */
  get currentAnchor(): string | undefined {
    const { current } = this.#context;
    return current && `${current.type}/${anchorIdIn(current.event.context, current.type) ?? ''}`;
  }

  /** Every open context in its version now, the oldest first. */
  get open(): readonly OpenContext[] {
    return this.#context.open.map((open) => this.#asNow(open));
  }

  /** What is held for an open anchor. */
  content(anchor = this.currentAnchor): HeldContent | undefined {
    const [type = '', id] = anchor?.split('/') ?? [];
    const context = [{ key: 'anchor', reference: { reference: `${type}/${id}` } }];
    return this.#content?.held({ id: '', timestamp: '', name: `${type}-open`, context });
  }

  /** The version on which an update or a select that is made now has to build; `undefined` for any other event. */
  baseOf(event: HubEvent): string | undefined {
    return this.#content?.baseOf(event);
  }

  /**
   * Takes an event that changes or selects content, at once and as a whole; any other one as it is.
   *
   * @throws a refusal, and then nothing has changed
   */
  take(event: HubEvent): TakenContent {
    return this.#content?.concerns(event)
      ? this.#content.take(event, this.#context.current?.event)
      : { event, isPartial: false };
  }

  /** Follows an event, and keeps the content of what is open now. */
  follow(event: HubEvent): HubEvent {
    const before = this.#context.open;
    const followed = this.#context.follow(event, this.#content?.versionFor(event));
    const { open } = this.#context;
    const { action } = anchorAndAction(event.name);
    // An open that is older than what it would change opens nothing.
    if (action === 'open' && open.some((context) => context.event === followed)) this.#content?.opened(followed);
    if (action !== 'close') return followed;
    const closed = before.filter((context) => !open.includes(context));
    return Object.assign({}, followed, ...closed.map(({ event: opened }) => this.#content?.closed(opened)));
  }

  /** The opens of what is open, as they are told to whoever asks: in the version of now, with the content that is shared. */
  told(): HubEvent[] {
    return this.#context.open.map((open) => this.#told(open));
  }

  /** The same of the current context alone. */
  toldCurrent(): HubEvent | undefined {
    const { current } = this.#context;
    return current && this.#told(current);
  }

  /** The opens that a late subscriber is told of. */
  replayed(): HubEvent[] {
    const { content } = this.#traits;
    return this.#context.latestOfEachType().map((context) => {
      const { event, versionId } = content?.replayedVersion === 'current' ? this.#asNow(context) : context;
      return this.written({ ...event, versionId });
    });
  }

  /** An event as this hub writes it. */
  written(event: HubEvent): HubEvent {
    return this.#traits.content?.versionInAnchor ? withVersionInAnchor(event) : event;
  }

  /** Forgets everything. */
  clear(): void {
    this.#context = newContextKeeper(this.#traits);
    this.#content = newContent(this.#traits);
  }

  #asNow(context: OpenContext): OpenContext {
    const versionId = this.#content?.versionOf(context.event) ?? context.versionId;
    return versionId === context.versionId ? context : { ...context, versionId };
  }

  #told(context: OpenContext): HubEvent {
    const { event, versionId } = this.#asNow(context);
    const content = this.#content?.entryFor(event);
    const entries = content === undefined ? event.context : [...event.context, content];
    return this.written({ ...event, versionId, context: entries });
  }
}

const newContent = ({ content }: HubTraits): SharedContent | undefined => content && new SharedContent(content);
