import { patientOpens } from './event.ts';
import { startHub } from './hub.ts';
import { spreadOf } from './statistics.ts';
import { startSubject, stopSubject } from './subject.ts';
import { NAMES, subscribers } from './websockets.ts';

/** From the wish to follow a session to its first event, in milliseconds. */
export interface FirstEvent {
  /** The first time in a process. */
  readonly cold: number;
  /** The median of the next times. */
  readonly warm: number;
}

/** How far away the hub is, in milliseconds. */
const DELAY_MS = 20;
const TIMES = 11;
const ROUNDS = 5;

/** First events of a hub that is some way off, each round in a new process. Returns the rounds by the contender's name. */
export async function firstEvents(
  progress: (text: string) => void,
): Promise<ReadonlyMap<string, readonly FirstEvent[]>> {
  const results = new Map<string, FirstEvent[]>();
  for (let round = 0; round < ROUNDS; round++) {
    const order = subscribers();
    for (const name of round % 2 === 0 ? order : order.reverse()) {
      progress(`round ${round + 1} of ${ROUNDS}: ${NAMES[name]}`);
      const hub = await startHub({ delayMs: DELAY_MS, greeting: (topic) => patientOpens(topic, 'Patient-open')() });
      const [subject, report] = await startSubject('first-event', [hub.url, name, String(TIMES)]);
      const [cold = Number.NaN, ...warm] = JSON.parse(report) as number[];
      await stopSubject(subject);
      hub.close();
      results.set(NAMES[name], [...(results.get(NAMES[name]) ?? []), { cold, warm: spreadOf(warm).median }]);
    }
  }
  return results;
}
