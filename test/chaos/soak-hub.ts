/** The hub of a soak: in a process of its own, so that what it remembers is not taken for what the clients do. */
import { startTestHub, TEST_PATIENTS } from '../../src/testing/index.ts';

/** What the hub is told to do, and answers with `done`. */
export type SoakOrder =
  | { readonly order: 'publish'; readonly patient: number }
  | { readonly order: 'drop'; readonly closeCode: number | undefined }
  | { readonly order: 'restart'; readonly memory: boolean }
  | { readonly order: 'count' }
  | { readonly order: 'close' };

const leaseSeconds = Number(process.argv[2]);
const tell = (message: object) => process.send?.(message);

const hub = await startTestHub({ leaseSeconds, keepEndpoints: false, answerTimeoutMs: 2_000 });
const session = hub.openSession();
tell({
  hubUrl: hub.url,
  draftUrl: hub.draftUrl,
  topic: session.id,
  url: session.url,
  token: session.accessToken,
});

process.on('message', async (order: SoakOrder) => {
  if (order.order === 'publish') {
    const resource = TEST_PATIENTS[order.patient % TEST_PATIENTS.length];
    await session.publish('Patient-open', [{ key: 'patient', resource }]);
  } else if (order.order === 'drop') session.dropConnections(order.closeCode);
  else if (order.order === 'restart') hub.restart({ memory: order.memory });
  else if (order.order === 'close') await hub.close();
  const renewals = hub.log.filter(({ kind }) => kind === 'subscribe').length;
  tell({ done: order.order, subscriptions: session.subscriptions.length, requests: renewals });
  if (order.order === 'close') process.disconnect();
});
