import { createRequire } from 'node:module';
import { patientOpens } from './event.ts';
import { type Hub, startHub } from './hub.ts';
import type { Contender } from './rounds.ts';
import { type ProgramName, type Subject, startSubject } from './subject.ts';
import { prepareFrames } from './websocket-load.ts';

const TOPIC = 'b3d1f6a0-6f0e-4b0e-9b59-1f0f5d3b8a52';

/** The names under which subscribers are compared. */
export const NAMES = {
  client: 'FhircastClient',
  bare: 'bare ws',
  together: 'bare ws, one write',
  medplum: '@medplum/core',
} as const;

/** One who takes part. */
export type SubscriberName = keyof typeof NAMES;

/** Whether Medplum's client was installed beside this package. */
const hasMedplum = (): boolean => {
  try {
    createRequire(import.meta.url).resolve('@medplum/core');
    return true;
  } catch {
    return false;
  }
};

const programOf = (name: SubscriberName, hub: Hub, listeners: number): [ProgramName, string[]] => {
  if (name === 'client') return ['websocket-client', [hub.url, TOPIC, String(listeners)]];
  if (name === 'medplum') return ['websocket-medplum', [hub.bareUrl, TOPIC]];
  return ['websocket-bare', [hub.bareUrl, name]];
};

/** A subscriber, connected. */
export interface Subscriber {
  readonly contender: Contender;
  readonly subject: Subject;
  /** Sends a text to it. */
  write(frame: Buffer): void;
}

/**
 * Starts a subscriber.
 *
 * @param bytes about how large an event is
 * @param listeners how many listeners it has
 */
export async function startSubscriber(
  hub: Hub,
  name: SubscriberName,
  { bytes = 1_000, listeners = 1, title = NAMES[name] as string } = {},
): Promise<Subscriber> {
  const opened = hub.nextSocket();
  const [subject] = await startSubject(...programOf(name, hub, listeners));
  const socket = await opened;
  const next = patientOpens(TOPIC, 'Patient-open', bytes);
  // Medplum's answer has no status.
  const isAnswer = name === 'medplum' ? (text: string) => text.startsWith('{"id":') : undefined;
  const contender = {
    name: title,
    subjects: [subject],
    prepare: (count: number) => prepareFrames(socket, next, count, isAnswer),
  };
  return { contender, subject, write: (frame) => void socket.write(frame) };
}

/** Those who are compared: ours, the least code, and Medplum's where it is installed. */
export const subscribers = (): SubscriberName[] => ['client', 'bare', ...(hasMedplum() ? (['medplum'] as const) : [])];

/** The subscribers of the websocket comparison, connected, and what ends their hub. */
export async function websocketContenders(bytes: number): Promise<[Contender[], () => void]> {
  const hub = await startHub();
  const contenders: Contender[] = [];
  for (const name of [...subscribers(), 'together'] as const) {
    contenders.push((await startSubscriber(hub, name, { bytes })).contender);
  }
  return [contenders, hub.close];
}
