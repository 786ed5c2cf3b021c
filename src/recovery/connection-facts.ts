/**
 * What the hub's answers are worth that say what is open.
 *
 * | before | what happens | after |
 * | --- | --- | --- |
 * | any | it answers for this session | `reliable` |
 * | any | its answer may be another session's | `unreliable` |
 * | any | it has no such answer, or not for this app | `none` |
 */
type Answers = 'unknown' | 'reliable' | 'unreliable' | 'none';

/** What is known of the connection of the moment. */
export interface ConnectionFacts {
  /** Whether events may have been missed before it. */
  readonly isAfterGap: boolean;
  /** When it was confirmed, in milliseconds since 1970; what is sent again may come in the same packet, just before. */
  beganAt: number;
  /** Whether an event or an answer has said since what is current. */
  isEstablished: boolean;
  /** Whether an answer of the hub was followed. What the hub did not send by itself before that, it does not send. */
  hasAnswered: boolean;
  /** Whether the hub has sent again what had been open before. Not every hub does that, whatever its version says. */
  hasReplayed: boolean;
  answers: Answers;
}

/** A connection of which nothing is known yet. */
export const newConnection = (isAfterGap: boolean): ConnectionFacts => ({
  isAfterGap,
  beganAt: Number.POSITIVE_INFINITY,
  isEstablished: false,
  hasAnswered: false,
  hasReplayed: false,
  answers: 'unknown',
});

/** Whether a connection was confirmed. */
export const hasBegun = ({ beganAt }: ConnectionFacts): boolean => beganAt < Number.POSITIVE_INFINITY;

/** Whether an answer of the hub may decide what is current. */
export const canDecide = ({ answers }: ConnectionFacts): boolean => answers === 'unknown' || answers === 'reliable';
