import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { FhircastClient, type Subscribed } from '../../src/index.ts';
import { type HubMessage, startTestHub } from '../../src/testing/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Long enough to be seen in the memory, if it stayed. In characters. */
const LENGTH = 8_000;
const ROUNDS = 25;
const NAMES = 5;
/** What was compiled, and what sockets keep for the next one, is in use once. What grows without end grows each time. */
const ATTEMPTS = 6;
/** A quarter of the names of an attempt. In bytes. */
const LIMIT = (ROUNDS * NAMES * LENGTH) / 4;

/** What is in use, after what can be collected was. In bytes. */
const inUse = async (): Promise<number> => {
  // What a collection lets go of may hold more, which goes with the next.
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
};

it('names that are listened to, are confirmed, and are listened to no more, leave nothing behind', async () => {
  const hub = await startTestHub();
  onTestFinished(() => hub.close());
  const session = hub.openSession();
  const { id: topic, accessToken } = session;
  const client = new FhircastClient({ hubUrl: hub.url, topic, accessToken });
  onTestFinished(() => client.unsubscribe());
  const granted = (holds: (names: readonly string[]) => boolean) =>
    new Promise<void>((resolve) => {
      const heard = ({ granted: names }: Subscribed) => {
        if (!holds(names)) return;
        client.off('subscribed', heard);
        resolve();
      };
      client.on('subscribed', heard);
    });
  const listeners: WeakRef<() => void>[] = [];
  let number = 0;
  const round = async () => {
    const names = Array.from({ length: NAMES }, () => `org.example.${number++}.`.padEnd(LENGTH, `${number}`));
    const asked = granted((all) => names.every((name) => all.includes(name)));
    for (const name of names) {
      const listener = () => {};
      listeners.push(new WeakRef(listener));
      client.on(name, listener).once(name, listener);
    }
    await asked;
    const left = granted((all) => !names.some((name) => all.includes(name)));
    for (const name of names) client.off(name);
    await left;
    // Everything that was said is in it.
    (hub.log as HubMessage[]).length = 0;
  };

  client.on('Patient-open', () => {});
  await client.ready();
  let grown = LIMIT;
  for (let attempt = 0; attempt < ATTEMPTS && grown >= LIMIT; attempt++) {
    const before = await inUse();
    for (let i = 0; i < ROUNDS; i++) await round();
    grown = (await inUse()) - before;
  }
  expect(grown).toBeLessThan(LIMIT);
  expect(listeners.filter((listener) => listener.deref()).length).toBeLessThan(2 * NAMES);
  expect(session.subscriptions).toMatchObject([{ active: true }]);
}, 60_000);
