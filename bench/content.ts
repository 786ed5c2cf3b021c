/**
 * Prints how fast content is shared: updates per second for one writer and for ten on one anchor, against the test hub on this machine,
 * and what applying one update costs against content of 10, 1,000 and 10,000 resources.
 */
import { performance } from 'node:perf_hooks';
import { FhircastClient } from 'fhircast-client';
import { type SharedContent, shareContent } from 'fhircast-client/content';
import { startTestHub } from 'fhircast-client/testing';
import { apply, newAnchor } from '../src/content/anchor-state.ts';
import type { Held } from '../src/content/resource-map.ts';

const MEASURED_MS = 3_000;
const ROUNDS = 9;
const UPDATES = 2_000;

const observation = (id: string, text: string) => ({
  resourceType: 'Observation' as const,
  id,
  status: 'preliminary' as const,
  code: { text: 'length' },
  valueString: text,
});

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Each writer sends its next update when the one before has come back: of its own resource, or all of one, by a function. */
async function updatesPerSecond(count: number, isShared: boolean): Promise<number> {
  const hub = await startTestHub();
  const session = hub.openSession();
  const clients: FhircastClient[] = [];
  const writers: SharedContent[] = [];
  await session.publish('DiagnosticReport-open', [
    { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1', status: 'unknown' } },
    { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } },
  ]);
  for (let i = 0; i < count; i++) {
    const client = await FhircastClient.fromSmartLaunch(session.launch(), { subscriberName: `Writer ${i}` });
    clients.push(client);
    const content = shareContent(client);
    writers.push(content);
    await client.ready({ caughtUp: true });
  }
  let done = 0;
  const end = performance.now() + MEASURED_MS;
  await Promise.all(
    writers.map(async (content, i) => {
      for (let n = 0; performance.now() < end; n++) {
        const put = observation(isShared ? 'one' : `own-${i}`, `${i} ${n}`);
        await content.update(isShared ? () => ({ put }) : { put });
        done++;
      }
    }),
  );
  await Promise.all(clients.map((client) => client.unsubscribe()));
  await hub.close();
  return (done * 1_000) / MEASURED_MS;
}

/** What one update costs in microseconds. */
function applyCost(resources: number): number {
  const held = (id: string, text: string): Held => ({ resource: observation(id, text), fullUrl: undefined });
  const content = new Map(Array.from({ length: resources }, (_, i) => [`observation/o${i}`, held(`o${i}`, '')]));
  let { state } = apply(newAnchor('v0'), { kind: 'answer', versionId: 'v0', content });
  const costs: number[] = [];
  for (let round = 0, version = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < UPDATES; i++) {
      const id = `o${i % resources}`;
      const changes = [{ key: `observation/${id}`, fullUrl: undefined, held: held(id, `${version}`) }];
      const link = { id: `e${version}`, priorVersionId: `v${version}`, versionId: `v${++version}`, changes };
      state = apply(state, { kind: 'link', link }).state;
    }
    costs.push(((performance.now() - started) * 1_000) / UPDATES);
  }
  return median(costs);
}

const print = (what: string, value: string) => console.log(`${what.padEnd(60)}${value.padStart(12)}`);
print('updates per second, one writer', (await updatesPerSecond(1, false)).toFixed(0));
print('updates per second, ten writers, each of its own resource', (await updatesPerSecond(10, false)).toFixed(0));
print('updates per second, ten writers, all of one resource', (await updatesPerSecond(10, true)).toFixed(0));
for (const resources of [10, 1_000, 10_000])
  print(`applying one update to ${resources.toLocaleString('en')} resources, in µs`, applyCost(resources).toFixed(2));
