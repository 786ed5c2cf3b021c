import { onTestFinished } from 'vitest';
import type { FhircastClient, FhircastEvent } from '../../src/index.ts';
import { clientFromUrl } from '../../src/launch/index.ts';
import { type IraActor, type IraClientOptions, iraOptions, launchUrl, newTopic } from '../../src/radiology/index.ts';
import { startTestHub, type TestHub, type TestHubOptions } from '../../src/testing/index.ts';
import { PATIENT, REPORT, STUDY } from './support.ts';

/** A report that an actor opens. */
export const OF_ADA = { report: REPORT, patient: PATIENT, studies: [STUDY] };

/** A hub of IHE's profile, and one session in it. */
export interface ReadingRoom {
  readonly hub: TestHub;
  readonly topic: string;
  /** Where another app is started in the session. */
  readonly url: string;
  /** An actor that has subscribed and knows what is current. The first one makes the session. */
  join(actor: IraActor, options?: Partial<IraClientOptions>): Promise<FhircastClient>;
}

/** Starts a reading room that ends with the test. */
export async function openReadingRoom(options: TestHubOptions = {}): Promise<ReadingRoom> {
  const hub = await startTestHub({ personality: 'ira', ...options });
  const topic = newTopic();
  const url = launchUrl('https://app.example.org/', { hub: hub.url, topic });
  const clients: FhircastClient[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.unsubscribe()));
    await hub.close();
  });
  return {
    hub,
    topic,
    url,
    async join(actor, more = {}) {
      const client = clientFromUrl(url, iraOptions(actor, { subscriberName: actor, ...more }));
      clients.push(client);
      await client.ready({ caughtUp: true });
      return client;
    },
  };
}

/** Resolves with the next event of a name. */
export const next = (client: FhircastClient, name: string): Promise<FhircastEvent> =>
  new Promise((resolve) => client.once(name, (event) => resolve(event as FhircastEvent)));

/** What apps have asked the hub to send, by its name. */
export const askedFor = (hub: TestHub, event: string) =>
  hub.log.filter(({ kind, direction, event: name }) => kind === 'publish' && direction === 'in' && name === event);
