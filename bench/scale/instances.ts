import { openLine, prepareCallbacks, type Target } from '../callback-load.ts';
import { patientOpens } from '../event.ts';
import type { Contender } from '../rounds.ts';
import { type Subject, startSubject } from '../subject.ts';

/** An instance of an app. */
export interface Instance {
  readonly subject: Subject;
  readonly origin: string;
  /** The callbacks that it owns. */
  readonly targets: readonly Target[];
}

/** Starts an instance behind the Redis router. */
export async function startInstance(redisUrl: string, owned: number): Promise<Instance> {
  const [subject, report] = await startSubject('callback-instance', [redisUrl, String(owned)]);
  return { subject, ...(JSON.parse(report) as Omit<Instance, 'subject'>) };
}

/** The same callback, by the way of another instance. */
export const throughInstance = ({ url, secret }: Target, { origin }: Instance): Target => ({
  url: `${origin}${new URL(url).pathname}`,
  secret,
});

/** The sessions, on as many connections, which a load balancer spreads over the instances. */
const SESSIONS = 16;

/** Some instances, and events that reach any of them, whoever owns their session. */
export async function instancesContender(redisUrl: string, count: number): Promise<Contender> {
  const instances = await Promise.all(Array.from({ length: count }, () => startInstance(redisUrl, SESSIONS / count)));
  const owned = instances.flatMap(({ targets }) => targets);
  const lines = await Promise.all(
    owned.map((target, index) => {
      // The owners are one after the other, and these are in turns: each reaches its own now and then.
      const instance = instances[index % count];
      const next = patientOpens(`session-${index}`, 'open-patient-chart');
      const marked = () => `{"sentAt":0,${next().slice(1)}`;
      return openLine(instance ? throughInstance(target, instance) : target, marked);
    }),
  );
  return {
    name: `${count} instances through Redis`,
    subjects: instances.map(({ subject }) => subject),
    prepare: (messages) => prepareCallbacks(lines, messages),
  };
}
