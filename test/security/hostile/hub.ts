/**
 * The hub of a hostile run, with both publishers: in a process of its own, so that its work is not taken for that of the apps.
 * It sends on whatever it gets, as the hubs of the field do.
 */
import { type HubMessage, startTestHub } from '../../../src/testing/index.ts';
import { ATTACKS, CONFIDENTIAL, type Step } from './attacks.ts';

/** What the hub is told to do. */
export type Order =
  | { readonly order: 'attack'; readonly index: number; readonly round: number }
  | { readonly order: 'stop' }
  | { readonly order: 'close' };

/** What the hub tells. */
export type Report =
  | {
      readonly report: 'open';
      readonly hubUrl: string;
      readonly draftUrl: string;
      readonly topic: string;
      readonly url: string;
      readonly token: string;
    }
  /** The honest publisher opens a patient at this moment, in milliseconds since 1970. */
  | { readonly report: 'honest'; readonly number: number; readonly at: number }
  /** Something that must be seen nowhere. */
  | { readonly report: 'secret'; readonly secret: string }
  /** An attack is over. `asked`: how often the hub was asked for the current context meanwhile. */
  | { readonly report: 'done'; readonly asked: number }
  | { readonly report: 'stopped' };

const [paceMs = 1_000, scale = 1] = process.argv.slice(2).map(Number);
const tell = (report: Report) => process.send?.(report);

/** How many messages of a flood are on their way at once. */
const AT_ONCE = 20;
/** Who does not answer by then, is not waited for. In milliseconds. */
const ANSWER_MS = 2_000;

let asked = 0;
const onMessage = ({ kind, direction, fields = {}, body }: HubMessage) => {
  if (kind === 'context' && direction === 'in') asked++;
  if (kind !== 'subscribe' && kind !== 'reply') return;
  const endpoint = /"hub\.channel\.endpoint":"([^"]+)"/.exec(body ?? '')?.[1];
  for (const secret of [fields['hub.secret'], fields['hub.callback'], endpoint])
    if (secret) tell({ report: 'secret', secret });
};

// One that orders by the times that publishers write, would stay with whoever is ahead, and so would every app that asks it.
const traits = { contextKeeping: 'open-contexts-as-they-come' } as const;
const hub = await startTestHub({ answerTimeoutMs: ANSWER_MS, onMessage, traits });
const session = hub.openSession();
tell({
  report: 'open',
  hubUrl: hub.url,
  draftUrl: hub.draftUrl,
  topic: session.id,
  url: session.url,
  token: session.accessToken,
});

let number = 0;
const publishHonestly = async () => {
  const id = `${CONFIDENTIAL}-honest-${++number}`;
  tell({ report: 'honest', number, at: Date.now() });
  await session.publish('Patient-open', [
    { key: 'patient', resource: { resourceType: 'Patient', id, name: [{ family: CONFIDENTIAL }] } },
  ]);
  // Everything that was said is in it, megabytes of it.
  (hub.log as HubMessage[]).length = 0;
};
let honest: ReturnType<typeof setInterval> | undefined;

const send = async (step: Step): Promise<void> => {
  if ('raw' in step) await session.sendRaw(step.raw, { timeoutMs: ANSWER_MS });
  else await session.publish(step.publish, step.context, step.timestamp ? { timestamp: step.timestamp } : {});
};

process.on('message', async (order: Order) => {
  if (order.order === 'attack') {
    honest ??= setInterval(publishHonestly, paceMs);
    asked = 0;
    const attack = ATTACKS[order.index % ATTACKS.length];
    // The subscribers of each channel know the session by another name.
    const steps = [session.id, session.url].flatMap((topic) => [...(attack?.steps(topic, { scale, ...order }) ?? [])]);
    for (let at = 0; at < steps.length; at += AT_ONCE) await Promise.all(steps.slice(at, at + AT_ONCE).map(send));
    tell({ report: 'done', asked });
  } else if (order.order === 'stop') {
    clearInterval(honest);
    await publishHonestly();
    tell({ report: 'stopped' });
  } else {
    await hub.close();
    process.disconnect();
  }
});
