import { FhircastClient } from 'fhircast-client';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Follower } from '../../examples/web-app/shared/follower.ts';

const [ada, bram] = TEST_PATIENTS;
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
  const follower = new Follower(client, { changed: () => {}, refusal: () => held.reason });
  await client.ready();
  await session.publish('Patient-open', opened(ada));
  return { session, follower, held, answered: answered.passed, arrive: mayArrive.open };
}

it('catches up with the chart that the hub names', async () => {
  const { session, follower, held, arrive } = await follow();
  held.reason = 'Busy';
  await session.publish('Patient-open', opened(bram));
  expect(follower.state.patient?.id).toBe('ada-quill');
  held.reason = undefined;
  arrive();
  await follower.catchUp();
  expect(follower.state).toMatchObject({ patient: { id: 'bram-oakhurst' }, outOfStep: null });
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
