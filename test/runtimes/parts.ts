import { createHash } from 'node:crypto';
import type { Patient } from 'fhir/r4';
import { TEST_PATIENTS, type TestHub } from 'fhircast-client/testing';
import type { Heard } from './observations.ts';

/** The parts of the program in which a session is followed. */
export type Part = 'webhook' | 'websocket' | 'ownWebsocket';

/** Who answers what the program tells, by the moment. */
export type Answers = Map<string, (what: never) => unknown>;

/** What was seen of a part from outside. */
export interface Seen {
  /** What the hub asked before it believed in the callback URL, and what it was answered. */
  verified: readonly (number | undefined)[];
  /** How each event was answered. */
  answers: readonly (number | undefined)[];
  /** How an event was answered whose signature is another's. */
  forged: readonly (number | undefined)[];
  /** How a request to a URL was answered that nobody owns. */
  foreign: number | undefined;
  /** The patient of the hub's context after the program's change. */
  changedTo: string | undefined;
  /** How many subscriptions were left at the end. */
  left: number | undefined;
  /** How a request to the former callback URL was answered. */
  former: number | undefined;
}

const [first, second] = TEST_PATIENTS;

const named = (id: string, text: string): Patient => ({ resourceType: 'Patient', id, name: [{ text }] });

/** The letters of several alphabets, and one that needs two units in UTF-16. */
const LETTERS = 'Žofie Ångström, 王小明, Ελένη, 😀';

/** More than 100 kB in UTF-8. */
const LARGE = named('large', 'Å'.repeat(51_200));

/** What the hub sends. */
const EVENTS: readonly { name: string; patient: Patient }[] = [
  { name: 'Patient-open', patient: first },
  { name: 'Patient-close', patient: first },
  { name: 'Patient-open', patient: named('letters', LETTERS) },
  { name: 'Patient-open', patient: LARGE },
];

const digestOf = (resource: unknown): string => createHash('sha256').update(JSON.stringify(resource)).digest('hex');

/** What a listener is to hear of them. */
export const EXPECTED: readonly Heard[] = EVENTS.map(({ name, patient }) => ({
  name,
  digest: name === 'Patient-open' ? digestOf(patient) : '',
}));

/** The patient of the last event. */
export const LAST = LARGE.id;

/** The patient to whom the program changes. */
export const CHANGED = second.id;

const HMAC_LENGTH = 64;

/**
 * Conducts one part of the program, and notes what it looks like from outside.
 *
 * @param part which one
 * @param hub where it subscribes
 * @param publicUrl where its callbacks are reached
 * @param answers gets an answer for each moment of the part
 */
export function watchPart(part: Part, hub: TestHub, publicUrl: string, answers: Answers): Seen {
  const session = hub.openSession();
  const seen: Seen = {
    verified: [],
    answers: [],
    forged: [],
    foreign: undefined,
    changedTo: undefined,
    left: undefined,
    former: undefined,
  };
  const verified = () =>
    hub.log
      .filter((message) => message.session === session.id && message.kind === 'answer' && message.about === 'verify')
      .map(({ status }) => status);
  const post = async (url: string): Promise<number> => (await fetch(url, { method: 'POST', body: '{}' })).status;
  let callback: string | undefined;

  answers.set(`${part}/launch`, () => ({
    launch: session.launch(part === 'webhook' ? 'draft' : 'stu'),
    patient: second,
  }));
  answers.set(`${part}/subscribed`, async () => {
    callback = session.subscriptions[0]?.callback;
    for (const { name, patient } of EVENTS) {
      const published = await session.publish(name, [{ key: 'patient', resource: patient }]);
      seen.answers = [...seen.answers, ...published.answers.map(({ status }) => status)];
    }
    if (part !== 'webhook') return;
    const sent = hub.log.filter((message) => message.kind === 'notify' && message.session === session.id).at(-1);
    const signature = `sha256=${'0'.repeat(HMAC_LENGTH)}`;
    seen.forged = (await session.sendRaw(sent?.body ?? '', { signature })).map(({ status }) => status);
    seen.foreign = await post(`${publicUrl}/${'0'.repeat(48)}`);
  });
  answers.set(`${part}/changed`, () => {
    const resource = session.current?.event.context.find(({ key }) => key === 'patient')?.resource;
    seen.changedTo = (resource as Patient | undefined)?.id;
  });
  answers.set(`${part}/unsubscribed`, async () => {
    // A webhook's hub answers first, and asks the callback URL then.
    await hub.waitFor((message) => message.session === session.id && message.kind === 'ended');
    seen.verified = verified();
    seen.left = session.subscriptions.length;
    if (callback !== undefined) seen.former = await post(callback);
  });
  return seen;
}
