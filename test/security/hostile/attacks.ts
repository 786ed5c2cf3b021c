/** What a hostile publisher sends. Whatever of it is about a person holds {@link CONFIDENTIAL}, so that it is found where it must not be. */

/** Stands for health information in everything that is published in a hostile run. */
export const CONFIDENTIAL = 'Zebedee-Quux';

/** One thing that is sent to every subscriber of the topic, past all of the hub's logic, or published as by the EHR. */
export type Step =
  | { readonly raw: string | Uint8Array }
  | { readonly publish: string; readonly context: readonly { key: string }[]; readonly timestamp?: string };

/** How big an attack is: 1 for what the issue of a megabyte is about, less for a short run. */
export interface Size {
  readonly scale: number;
  /** Which time it is: ids differ from round to round. */
  readonly round: number;
}

/** One kind of attack. */
export interface Attack {
  readonly name: string;
  /** What is sent, for a topic as the subscribers of a channel know it. */
  steps(topic: string, size: Size): readonly Step[];
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: Math.max(1, Math.round(count)) }, (_, index) => make(index));

const stamp = (aheadMs = 0): string => new Date(Date.now() + aheadMs).toISOString();

let count = 0;
/** An id that no other event has. */
const fresh = (): string => `hostile-${count++}`;

const patient = (id: string, more: object = {}) => ({
  key: 'patient',
  resource: { resourceType: 'Patient', id: `${CONFIDENTIAL}-${id}`, name: [{ family: CONFIDENTIAL }], ...more },
});

interface Facts {
  readonly id?: string;
  readonly timestamp?: string;
  readonly name?: string;
  readonly context?: unknown;
}

const message = (topic: string, { id = fresh(), timestamp = stamp(), name = 'Patient-open', context }: Facts): string =>
  JSON.stringify({
    timestamp,
    id,
    event: { 'hub.topic': topic, 'hub.event': name, context: context ?? [patient(id)] },
  });

const raw = (topic: string, facts: Facts): Step => ({ raw: message(topic, facts) });

/** A message whose one entry holds a text in the place of its resource. */
const around = (topic: string, resource: string): Step => {
  const [before = '', behind = ''] = message(topic, { context: [{ key: 'patient', resource: 'HERE' }] }).split(
    '"HERE"',
  );
  return { raw: before + resource + behind };
};

const nested = (open: string, close: string, depth: number): string =>
  `${open.repeat(Math.round(depth))}1${close.repeat(Math.round(depth))}`;

const syncError = (issues: number, about: string) => [
  {
    key: 'operationoutcome',
    resource: {
      resourceType: 'OperationOutcome',
      issue: many(issues, (i) => ({
        severity: 'information',
        code: 'processing',
        diagnostics: CONFIDENTIAL,
        details: {
          coding: [
            { system: 'https://fhircast.hl7.org/events/syncerror/eventid', code: about },
            { system: 'https://fhircast.hl7.org/events/syncerror/eventname', code: 'Patient-open' },
            { system: 'https://fhircast.hl7.org/events/syncerror/subscriber', code: `subscriber-${i}` },
          ],
        },
      })),
    },
  },
];

/** Names of the client's own events, and what objects have by nature. */
const OWN_NAMES = ['error', 'warning', 'state', 'sync', 'record', 'subscribed', 'constructor', '__proto__', 'toString'];

const control = (topic: string, mode: string, more: object = {}): Step => ({
  raw: JSON.stringify({ 'hub.mode': mode, 'hub.topic': topic, 'hub.events': 'Patient-open', ...more }),
});

/** What a hostile publisher does, one after the other. */
export const ATTACKS: readonly Attack[] = [
  {
    name: 'events of a megabyte',
    steps: (topic, { scale }) =>
      many(5, (i) => raw(topic, { context: [patient(`${i}`, { text: CONFIDENTIAL.repeat(80_000 * scale) })] })),
  },
  {
    name: 'an event over every limit',
    steps: (topic, { scale }) => [raw(topic, { context: [patient('x', { text: 'a'.repeat(17_000_000 * scale) })] })],
  },
  {
    name: 'context entries by the thousand',
    steps: (topic, { scale }) =>
      [1_000, 9_999, 20_000].map((entries) =>
        raw(topic, { context: [patient('e'), ...many(entries * scale, (i) => ({ key: `k${i}` }))] }),
      ),
  },
  {
    name: 'context entries that have to be mended',
    steps: (topic, { scale }) => [
      raw(topic, { context: many(9_000 * scale, () => ({ key: 'k', resource: [{ resourceType: 'Patient' }] })) }),
    ],
  },
  {
    name: 'patients by the thousand in one event',
    steps: (topic, { scale }) => [raw(topic, { context: many(9_000 * scale, (i) => patient(`${i}`)) })],
  },
  {
    name: 'identifiers by the thousand',
    steps: (topic, { scale }) => [
      raw(topic, {
        context: [patient('i', { identifier: many(9_000 * scale, (i) => ({ system: 'urn:x', value: `${i}` })) })],
      }),
    ],
  },
  {
    name: 'deep nesting',
    steps: (topic, { scale }) => [
      around(topic, nested('[', ']', 400_000 * scale)),
      around(topic, nested('{"a":', '}', 150_000 * scale)),
      around(topic, `{"resourceType":"Patient","id":"${CONFIDENTIAL}","a":${nested('[', ']', 100)}}`),
    ],
  },
  {
    name: 'keys by the thousand',
    steps: (topic, { scale }) => [
      around(topic, `{"resourceType":"Patient","id":"k",${many(80_000 * scale, (i) => `"a${i}":1`).join()}}`),
    ],
  },
  {
    name: 'keys that stand twice',
    steps: (topic, { scale }) => {
      const good = message(topic, {}).slice(0, -1);
      return [
        { raw: `${good},"id":"twice"}` },
        { raw: `${good},"i\\u0064":"twice"}` },
        { raw: `${good},${'"a":1,'.repeat(80_000 * scale)}"id":"twice"}` },
        { raw: good.replace('"hub.topic"', '"hub\\u002etopic":"other","hub.topic"').concat('}') },
      ];
    },
  },
  {
    name: 'ids of a megabyte',
    steps: (topic, { scale }) => many(3, () => raw(topic, { id: fresh() + 'i'.repeat(900_000 * scale) })),
  },
  {
    name: 'events that are stamped ahead',
    steps: (_, { round }) =>
      [60_000, 3_600_000, 23 * 3_600_000, 400 * 24 * 3_600_000].map((ahead) => ({
        publish: 'Patient-open',
        context: [patient(`ahead-${ahead}-${round}`)],
        timestamp: stamp(ahead),
      })),
  },
  {
    name: 'stale events in a flood',
    steps: (topic, { scale }) => many(300 * scale, () => raw(topic, { timestamp: stamp(-3_600_000) })),
  },
  {
    name: 'closes of what is not open in a flood',
    steps: (topic, { scale }) => many(300 * scale, () => raw(topic, { name: 'Patient-close' })),
  },
  {
    name: 'SyncErrors with issues by the thousand',
    steps: (topic, { scale }) =>
      many(2, () => raw(topic, { name: 'SyncError', context: syncError(4_000 * scale, fresh()) })),
  },
  {
    name: 'SyncErrors in a flood',
    steps: (topic, { scale }) =>
      many(300 * scale, () => raw(topic, { name: 'SyncError', context: syncError(1, fresh()) })),
  },
  {
    name: 'names of the client’s own events',
    steps: (topic) => OWN_NAMES.map((name) => raw(topic, { name })),
  },
  {
    name: 'names that nobody knows in a flood',
    steps: (topic, { scale }) => many(500 * scale, () => raw(topic, { name: `org.example.${fresh()}` })),
  },
  {
    name: 'rubbish',
    steps: (_, { scale }) => [
      { raw: '' },
      { raw: 'null' },
      { raw: '"text"' },
      { raw: '[' },
      { raw: '['.repeat(900_000 * scale) },
      { raw: '{"a":'.repeat(150_000 * scale) },
      { raw: 'x'.repeat(900_000 * scale) },
      { raw: '"\\u'.repeat(200_000 * scale) },
      { raw: Uint8Array.from(many(60_000 * scale, (i) => (i * 7919) % 256)) },
    ],
  },
  {
    name: 'signs of life in a flood',
    steps: (_, { scale }) =>
      many(300 * scale, (i) => ({
        raw: ['ping', '{"type":"ping"}', '{}', '{"headers":{"statusCode":"200"}}'][i % 4] ?? '',
      })),
  },
  {
    name: 'heartbeats that promise more of them',
    steps: (topic) => many(5, () => raw(topic, { name: 'heartbeat', context: [{ key: 'period', decimal: '0.001' }] })),
  },
  {
    name: 'confirmations and denials in a flood',
    steps: (topic, { scale }) =>
      many(100 * scale, (i) =>
        control(
          topic,
          i % 2 ? 'denied' : 'subscribe',
          i % 2 ? { 'hub.reason': CONFIDENTIAL } : { 'hub.lease_seconds': 1e9 },
        ),
      ),
  },
  {
    name: 'confirmations and denials of a megabyte',
    steps: (topic, { scale }) => [
      control(topic, 'denied', { 'hub.reason': CONFIDENTIAL.repeat(60_000 * scale) }),
      control(topic, 'subscribe', { 'hub.events': 'a,'.repeat(400_000 * scale) }),
    ],
  },
  {
    name: 'one id for many events',
    steps: (topic, { scale, round }) =>
      many(300 * scale, (i) => raw(topic, { id: `one-${round}`, context: [patient(`one-${i}`)] })),
  },
  {
    name: 'one event under many ids',
    steps: (topic, { scale }) => {
      const timestamp = stamp();
      return many(300 * scale, () => raw(topic, { timestamp, context: [patient('same')] }));
    },
  },
  {
    name: 'ends of the session in a flood',
    steps: (topic, { scale }) =>
      many(20, (i) =>
        raw(topic, {
          name: i % 2 ? 'UserHibernate' : 'UserLogout',
          context: [
            {
              key: 'parameters',
              resource: { resourceType: 'Parameters', parameter: many(2_000 * scale, () => ({ name: 'code' })) },
            },
          ],
        }),
      ),
  },
  {
    name: 'patients in a flood',
    steps: (_, { scale }) =>
      many(50 * scale, () => {
        const id = fresh();
        return { publish: 'Patient-open', context: [patient(id)] };
      }),
  },
];
