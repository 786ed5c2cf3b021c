import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestOf, type Target } from '../callback-load.ts';
import { patientOpens } from '../event.ts';
import { hear, type Subject } from '../subject.ts';

/** From the hub's write to the listener's call, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** How many events arrived. */
  readonly events: number;
}

/** How many connections the events are spread over. */
const CONNECTIONS = 8;

const now = (): number => performance.timeOrigin + performance.now();

const open = ({ url }: Target): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
    // Answers are not waited for: the rate is the hub's, whatever becomes of the events.
    socket.resume();
  });

/**
 * Sends events at a fixed rate, and asks the subject how long they took.
 *
 * @param subject whose listener looks at the clock
 * @param targets where the hub sends the events, in turns
 * @param rate events per second
 * @param seconds for how long; as long again before that is not counted
 */
export async function latencyAt(
  subject: Subject,
  targets: readonly Target[],
  rate: number,
  seconds: number,
): Promise<Latency> {
  const next = patientOpens('session', 'open-patient-chart');
  const lines = await Promise.all(
    targets.flatMap((target) =>
      Array.from({ length: CONNECTIONS / targets.length }, async () => ({ target, socket: await open(target) })),
    ),
  );
  const run = async (): Promise<number[]> => {
    const start = performance.now();
    for (let sent = 0; sent < rate * seconds; sent++) {
      const wait = start + (sent * 1000) / rate - performance.now();
      if (wait > 0) await sleep(wait);
      const line = lines[sent % lines.length];
      if (line) line.socket.write(requestOf(line.target, `{"sentAt":${now()},${next().slice(1)}`));
    }
    await sleep(500);
    const answer = hear(subject);
    subject.send('waits');
    return JSON.parse(String(await answer)) as number[];
  };
  await run();
  const waits = (await run()).sort((a, b) => a - b);
  for (const { socket } of lines) socket.destroy();
  const at = (part: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), events: waits.length };
}
