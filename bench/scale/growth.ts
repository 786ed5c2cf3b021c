import { openLine, prepareCallbacks, type Target } from '../callback-load.ts';
import { patientOpens } from '../event.ts';
import { startHub } from '../hub.ts';
import type { Contender } from '../rounds.ts';
import { startSubject, stopSubject } from '../subject.ts';

/** How many subscriptions one instance holds, in the one contender and the others. */
export const SIZES = [16, 1_000, 10_000] as const;

/** The sessions that get events, whatever else is subscribed. */
const SESSIONS = 16;

/** An instance for each number of subscriptions, of which as many get events as of the smallest. */
export async function growthContenders(): Promise<{
  contenders: Contender[];
  /** What a registration takes, in bytes, by the number of them. */
  bytes: ReadonlyMap<number, number>;
}> {
  const bytes = new Map<number, number>();
  const contenders: Contender[] = [];
  for (const size of SIZES) {
    const [subject, report] = await startSubject('callback-many', [String(size), String(SESSIONS)]);
    const { targets, bytes: each }: { targets: Target[]; bytes: number } = JSON.parse(report);
    bytes.set(size, each);
    const lines = await Promise.all(
      targets.map((target, index) => openLine(target, patientOpens(`session-${index}`, 'open-patient-chart'))),
    );
    contenders.push({
      name: `${size} subscriptions`,
      subjects: [subject],
      prepare: (count) => prepareCallbacks(lines, count),
    });
  }
  return { contenders, bytes };
}

/** What a whole client takes, with its live subscription, in bytes. */
export async function bytesOfClients(count: number): Promise<{ bytes: number; live: number }> {
  const hub = await startHub();
  const [subject, report] = await startSubject('callback-many-clients', [hub.url, String(count)]);
  await stopSubject(subject);
  hub.close();
  return JSON.parse(report) as { bytes: number; live: number };
}
