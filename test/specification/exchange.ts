import type { Denial } from '../../src/channels/callback.ts';
import type { Grant } from '../../src/channels/channel.ts';
import type { SyncErrorDetails } from '../../src/events/sync-error.ts';
import type { ChannelType } from '../../src/hub/dialect.ts';
import type { HubDiscovery } from '../../src/hub/discovery.ts';
import type { DialectName } from '../../src/index.ts';
import type { Launch } from '../../src/launch/parse-launch.ts';

/** One text of the specification, and what becomes of every example that it prints. */
export interface SpecificationText {
  /** Its title. */
  readonly title: string;
  /** Which of our dialects speaks it. */
  readonly dialect: DialectName;
  /** The hub of its examples. */
  readonly hubUrl: string;
  /** The session of its examples. */
  readonly topic: string;
  /** How many examples it prints: fenced blocks in the order of the text, then those that stand in it without a fence. */
  readonly examples: number;
  readonly exchanges: readonly Exchange[];
  /** Examples that nobody sends, by their number. */
  readonly leftOut: Readonly<Record<number, string>>;
}

/** An exchange in the form of an example, with names of our own. */
export type Exchange = FromHub | FromApp;

interface Printed {
  /** The number of the example, from 1. */
  readonly example: number;
  /** Under which heading it stands. */
  readonly section: string;
  /** What goes over the wire, as it is printed: a request, an answer, a frame, or a body. */
  readonly wire: string;
}

/** What stands in the place of something, and what should stand there. */
export type Mend = readonly [wrong: string, right: string];

/** Whether our code takes what a hub sends. */
export type Verdict<Read> =
  | {
      /** What it reads out of it. */
      readonly accepted: Read;
    }
  | {
      /** The code or the HTTP status by which it is refused. */
      readonly refused: string | number;
      /** What makes the printed example invalid. */
      readonly because: string;
      /** With no more than this put right … */
      readonly mend: readonly Mend[];
      /** … it is accepted. */
      readonly mended: Read;
    };

/** What is read out of an event. */
export interface EventRead {
  readonly name: string;
  /** ISO 8601; absent where the time cannot be read. */
  readonly time?: string;
  /** `key Type/id`, or `key: reference`. */
  readonly context: readonly string[];
  readonly deviations?: readonly string[];
  readonly versionId?: string;
  readonly priorVersionId?: string;
  readonly syncError?: SyncErrorDetails;
  /** Of an update, what it does: `PUT Type/id`, or `DELETE fullUrl`; and a fullUrl that is there behind it. */
  readonly changes?: readonly string[];
  /** Of a select, what it selects. */
  readonly selected?: readonly string[];
}

/** What is read out of a current context. */
export interface ContextRead {
  readonly type: string;
  readonly id?: string;
  readonly time?: string;
  readonly versionId?: string;
  readonly context: readonly string[];
  /** What is shared: `Type/id`. */
  readonly content?: readonly string[];
}

type Message<What extends string, Read> = Printed & {
  readonly direction: 'hub→app';
  readonly what: What;
  readonly verdict: Verdict<Read>;
};

/** What a hub sends. */
export type FromHub =
  | Message<'launch parameters', Pick<Launch, 'hubUrl' | 'topic' | 'dialect'>>
  | (Message<'subscription answer', { readonly endpoint: string | undefined }> & { readonly channel: ChannelType })
  | Message<'denial', Denial>
  | Message<'verification', Grant & { readonly answer: string }>
  | (Message<'denial frame', Denial> & { readonly topic?: string })
  | Message<'confirmation frame', Grant>
  | (Message<'notification', EventRead> & { readonly topic?: string })
  | Message<'signed notification', EventRead>
  | (Message<'context of an event', EventRead> & { readonly hubEvent: string })
  | Message<'current context', ContextRead | null>
  | Message<'Bundle of an update', EventRead>
  | Message<'Bundle of a current context', ContextRead | null>
  | Message<'discovery', Partial<HubDiscovery>>
  | Message<'capability statement', string | undefined>
  | Message<'context change answer', { readonly accepted: boolean; readonly status: number }>
  | Message<'unsubscription answer', 'left'>;

/**
 * Where our request departs from the printed one, and why. `+place` is what only ours has, `-place` what only the printed one
 * has, and `place` what is there with another value.
 */
export type Differences = Readonly<Record<string, string>>;

type Request<What extends string> = Printed & {
  readonly direction: 'app→hub';
  readonly what: What;
  /** Puts right what no parser reads. */
  readonly mend?: readonly Mend[];
  readonly differs: Differences;
};

/** What an app sends. */
export type FromApp =
  | (Request<'subscription request' | 'unsubscription request'> & { readonly channel: ChannelType })
  | (Request<'context change'> & { readonly name: string })
  | Request<'SyncError'>
  | (Request<'answer to a notification'> & { readonly channel: ChannelType })
  | Request<'answer to a verification'>
  | Request<'current context request'>
  | Request<'discovery request'>;
