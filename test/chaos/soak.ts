import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FhircastClient } from '../../src/index.ts';
import { TEST_PATIENTS } from '../../src/testing/index.ts';
import { startCallbackServer } from './callback-server.ts';
import { slope } from './slope.ts';
import type { SoakOrder } from './soak-hub.ts';

/** How long a soak lasts, and how hard it is. */
export interface SoakOptions {
  /** For so long, in milliseconds, or for as many rounds: whichever is more. */
  readonly forMs: number;
  readonly rounds: number;
  /** Told after every round. */
  readonly progress?: (sample: SoakSample) => void;
}

/** What was measured after a round. */
export interface SoakSample {
  readonly seconds: number;
  readonly rounds: number;
  /** How often a client was confirmed again after a loss. */
  readonly reconnects: number;
  /** Events that reached the apps. */
  readonly events: number;
  /** Requests for a subscription that the hub got. */
  readonly requests: number;
  /** After a garbage collection, in bytes. */
  readonly heapBytes: number;
  /** Timers, sockets and requests of the thread. */
  readonly resources: number;
}

const LEASE_SECONDS = 2;
/** Within so long every app shows the hub's patient again, or the soak fails. In milliseconds. */
const IN_STEP_WITHIN_MS = 20_000;

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

/**
 * Follows a session by three clients, whose connections are lost in every round, with leases of seconds. In every round another
 * patient is opened while there is no connection, and every client must end at it.
 *
 * @throws Error when a client does not
 */
export async function soak({ forMs, rounds, progress }: SoakOptions): Promise<SoakSample[]> {
  const hubProcess = fork(new URL('./soak-hub.ts', import.meta.url), [String(LEASE_SECONDS)], {
    execArgv: ['--import', 'tsx'],
  });
  const heard = <T>(): Promise<T> => new Promise((resolve) => hubProcess.once('message', resolve));
  const hub = await heard<{ hubUrl: string; draftUrl: string; topic: string; url: string; token: string }>();
  const tell = async (order: SoakOrder) => {
    const answer = heard<{ subscriptions: number; requests: number }>();
    hubProcess.send(order);
    return answer;
  };
  const server = await startCallbackServer(() => {});
  const { endpoint: callback } = server;
  const common = { callback, accessToken: hub.token, reconnect: { firstMs: 20, longestMs: 200 }, silenceMs: 300 };
  const clients = [
    new FhircastClient({ ...common, hubUrl: hub.hubUrl, topic: hub.topic }),
    new FhircastClient({ ...common, hubUrl: hub.draftUrl, topic: hub.url, dialect: 'draft' }),
    new FhircastClient({ ...common, hubUrl: hub.draftUrl, topic: hub.url, dialect: 'ballot' }),
  ];
  let reconnects = -clients.length;
  let events = 0;
  let look = () => {};
  for (const client of clients) {
    client.on('state', ({ reason }) => {
      if (reason === 'confirmed') reconnects++;
    });
    client.on('error', () => {});
    client.on('Patient-open', () => void events++);
    client.on('Patient-close', () => {});
    for (const name of ['sync', '*'] as const) client.on(name, () => look());
  }
  await Promise.all(clients.map((client) => client.ready()));

  /** Resolves when every client shows a patient and is in step. */
  const inStep = (id: string | undefined) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        const states = clients.map(({ state, syncStatus }) => `${state}, ${syncStatus.state}`).join('; ');
        reject(new Error(`The clients are not in step within ${IN_STEP_WITHIN_MS} ms: ${states}`));
      }, IN_STEP_WITHIN_MS);
      look = () => {
        if (
          !clients.every(
            ({ context, syncStatus }) => context.current?.patient?.id === id && syncStatus.state === 'in-sync',
          )
        )
          return;
        clearTimeout(timer);
        look = () => {};
        resolve();
      };
      look();
    });

  const samples: SoakSample[] = [];
  const start = performance.now();
  try {
    for (let round = 0; performance.now() - start < forMs || round < rounds; round++) {
      // By turns a cut, a close, and a hub that has forgotten everything, webhooks too.
      if (round % 3 === 2) await tell({ order: 'restart', memory: false });
      else await tell({ order: 'drop', closeCode: round % 3 === 0 ? undefined : 1001 });
      await tell({ order: 'publish', patient: round });
      await inStep(TEST_PATIENTS[round % TEST_PATIENTS.length]?.id);
      const { requests } = await tell({ order: 'count' });
      collectGarbage();
      const sample: SoakSample = {
        seconds: (performance.now() - start) / 1000,
        rounds: round + 1,
        reconnects,
        events,
        requests,
        heapBytes: process.memoryUsage().heapUsed,
        resources: process.getActiveResourcesInfo().length,
      };
      samples.push(sample);
      progress?.(sample);
    }
  } finally {
    await Promise.allSettled(clients.map((client) => client.unsubscribe()));
    await server.close();
    await tell({ order: 'close' });
  }
  return samples;
}

/** How much the heap grows, in bytes a round: the slope of a straight line through the second half of the samples. */
export const growth = (samples: readonly SoakSample[]): number =>
  slope(samples.slice(Math.floor(samples.length / 2)).map(({ rounds, heapBytes }) => [rounds, heapBytes]));
