/** What must hold, whatever goes wrong. */
export const INVARIANTS = {
  order: '(a) no listener sees an event older than what it has seen, by the hub’s order',
  convergence: '(b) when faults stop, every context is the hub’s',
  once: '(c) a listener gets an event once',
  answers: '(d) every notification is answered once',
  topic: '(e) no other session’s event is emitted, and none that nobody sent',
  leaks: '(f) nothing is left behind: no rejection, socket, timer or listener',
  truth: '(t) whoever says that it is in step shows the hub’s context',
  content: '(k) content that is known is the hub’s in that version, and of the newest one when faults stop',
  delivery: '(u) an update that is done was applied once, on what it was decided by, and one that was refused was not',
  changes: '(v) each change leads from the snapshot before it to the one after it',
  secrets: '(s) no secret and no content is said',
} as const;

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS;

/** A breach of an invariant. */
export interface Breach {
  readonly invariant: Invariant;
  /** What was seen, in words. */
  readonly what: string;
  /** The step at which it was seen, counted from 1; 0 before the first. */
  readonly step: number;
}
