import { FhircastClient } from 'fhircast-client';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Follower } from '../../examples/web-app/shared/follower.ts';

const [ada, bram] = TEST_PATIENTS;
/** A connection is taken up again after up to half a second. */
const PATIENTLY = { timeout: 10_000 };
const opened = (resource: unknown) => [{ key: 'patient', resource }];

function gate() {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

/** A follower in a session where Ada's chart is open, whose question for the current context is answered late. */
async function follow() {
  const hub = await startTestHub();
  onTestFinished(() => hub.close());
  const session = hub.openSession();
  const answered = gate();
  const mayArrive = gate();
  const client = new FhircastClient({
    hubUrl: hub.url,
    topic: session.id,
    accessToken: session.accessToken,
    async fetch(url, init) {
      const response = await fetch(url, init);
      if (new URL(url).pathname.endsWith(session.id)) {
        answered.open();
        await mayArrive.passed;
      }
      return response;
    },
  });
  onTestFinished(() => client.unsubscribe());
  const held = { reason: undefined as string | undefined };
  const seen: string[] = [];
  const follower = new Follower(client, { changed: ({ sync }) => seen.push(sync.state), refusal: () => held.reason });
  await client.ready();
  await session.publish('Patient-open', opened(ada));
  return { hub, session, follower, seen, held, answered: answered.passed, arrive: mayArrive.open };
}

it('catches up with the chart that the hub names', async () => {
  const { session, follower, held, arrive } = await follow();
  held.reason = 'Busy';
  await session.publish('Patient-open', opened(bram));
  arrive();
  await expect
    .poll(() => follower.state, PATIENTLY)
    .toMatchObject({
      patient: { id: 'ada-quill' },
      sync: { state: 'refused', by: [{ isSelf: true, diagnostics: 'Busy' }] },
    });
  held.reason = undefined;
  await follower.catchUp();
  expect(follower.state).toMatchObject({ patient: { id: 'bram-oakhurst' }, sync: { state: 'in-sync' } });
});

it('does not put an old answer in place of a newer event', async () => {
  const { session, follower, answered, arrive } = await follow();
  const caughtUp = follower.catchUp();
  await answered;
  await session.publish('Patient-open', opened(bram));
  arrive();
  await caughtUp;
  expect(follower.state.patient?.id).toBe('bram-oakhurst');
});

it('does not change a chart that is held again', async () => {
  const { session, follower, held, answered, arrive } = await follow();
  held.reason = 'Busy';
  await session.publish('Patient-open', opened(bram));
  held.reason = undefined;
  const caughtUp = follower.catchUp();
  await answered;
  held.reason = 'Busy again';
  arrive();
  await caughtUp;
  expect(follower.state.patient?.id).toBe('ada-quill');
});

it('says that a change is sent again, until it is stopped', async () => {
  const { hub, session, follower, arrive } = await follow();
  arrive();
  const { url: hubUrl } = hub;
  const other = new FhircastClient({ hubUrl, topic: session.id, accessToken: session.accessToken });
  onTestFinished(() => other.unsubscribe());
  await other.on('Patient-open', (event) => event.refuse('Busy')).ready();
  expect(follower.state.sentAgain).toBeNull();
  if (!bram) throw new Error('There is no second patient.');
  expect(await follower.change('Patient-open', bram)).toBeUndefined();
  await expect.poll(() => follower.state.sentAgain, PATIENTLY).toBe(0);
  follower.stopAsking();
  await expect.poll(() => follower.state.sentAgain, PATIENTLY).toBeNull();
  expect(follower.state).toMatchObject({ patient: { id: 'bram-oakhurst' }, sync: { state: 'refused' } });
});

it('says why the hub refused a change', async () => {
  const { hub, follower, arrive } = await follow();
  arrive();
  hub.refuseNext({ kind: 'publish', status: 409, text: 'Not today' });
  if (!bram) throw new Error('There is no second patient.');
  expect(await follower.change('Patient-open', bram)).toBe('Not today');
});

it('says that the connection is lost, and that it has caught up', async () => {
  const { session, follower, seen, arrive } = await follow();
  arrive();
  await expect.poll(() => follower.state.sync.state, PATIENTLY).toBe('in-sync');
  seen.length = 0;
  session.dropConnections();
  await expect.poll(() => seen, PATIENTLY).toContain('disconnected');
  await session.publish('Patient-open', opened(bram));
  await expect.poll(() => follower.state.sync.state, PATIENTLY).toBe('in-sync');
  expect(follower.state.patient?.id).toBe('bram-oakhurst');
});
