import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FhircastError } from '../../src/errors/errors.ts';
import type { ContextEntry } from '../../src/events/context.ts';
import { CurrentContext } from '../../src/events/current-context.ts';
import type { FhircastEvent } from '../../src/events/event.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { Inbox } from '../../src/following/inbox.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import type { DialectName } from '../../src/index.ts';
import { patientContext, TOPIC } from '../client/support.ts';
import { UNHEARD } from './unheard.ts';

/** An inbox, and all that came of what it took. */
function open(dialect: DialectName = 'stu3') {
  const listeners = new Listeners(() => {});
  const contexts = new ContextStore();
  const heard = {
    events: [] as FhircastEvent[],
    errors: [] as string[],
    warnings: [] as string[],
    kinds: [] as string[],
    doubts: [] as string[],
  };
  listeners.add('*', (event: FhircastEvent) => void heard.events.push(event), false);
  listeners.add('error', ({ code }: FhircastError) => heard.errors.push(code), false);
  listeners.add('warning', ({ code }: FhircastError) => heard.warnings.push(code), false);
  const inbox = new Inbox({
    ...UNHEARD,
    topic: TOPIC,
    dialect: () => dialectOf(dialect),
    listeners,
    contexts,
    record: ({ kind }) => heard.kinds.push(kind),
    acknowledgeWithinMs: 8_000,
    doubted: (why) => heard.doubts.push(why),
  });
  const answers: [number, string | undefined][] = [];
  const receive = (text: string) => inbox.receive(text, (status, id) => answers.push([status, id]), 'websocket');
  return { inbox, listeners, contexts, heard, answers, receive };
}

const message = ({
  name = 'Patient-open',
  id = 'event-1',
  minute = 0,
  topic = TOPIC,
  timestamp = new Date(Date.UTC(2024, 4, 1, 10, minute)).toISOString(),
  context = patientContext() as readonly ContextEntry[] | undefined,
} = {}) => JSON.stringify({ timestamp, id, event: { 'hub.topic': topic, 'hub.event': name, context } });

describe('a message', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['that is fine', message(), { answers: [[200, 'event-1']], delivered: 1, errors: [], warnings: [] }],
    ['that is no JSON', 'nonsense', { answers: [[400, undefined]], malformed: 1, errors: ['notification-malformed'] }],
    [
      'without an event but with an id',
      '{"id":"7"}',
      { answers: [[400, '7']], malformed: 1, errors: ['notification-malformed'] },
    ],
    [
      'of another session',
      message({ topic: 'other' }),
      { answers: [[404, 'event-1']], wrongTopic: 1, warnings: ['notification-wrong-topic'] },
    ],
    [
      'that could be mended while it was read',
      message({ name: ' Patient-open ' }),
      { answers: [[200, 'event-1']], delivered: 1, warnings: ['notification-deviation'] },
    ],
    [
      'that is a heartbeat',
      message({ name: 'heartbeat', context: undefined }),
      { answers: [[200, 'event-1']], heartbeat: 1 },
    ],
    [
      'without its anchor',
      message({ context: [] }),
      { answers: [[422, 'event-1']], refused: 1, errors: ['anchor-missing'] },
    ],
    [
      'that contradicts itself',
      message({ context: [...patientContext('p1'), ...patientContext('p2')] }),
      { answers: [[422, 'event-1']], refused: 1, errors: ['anchor-contradiction'] },
    ],
    [
      'that deviates',
      message({ context: [...patientContext(), ...patientContext()] }),
      { answers: [[200, 'event-1']], delivered: 1, warnings: ['notification-deviation'] },
    ],
    [
      'whose time cannot be read',
      message({ timestamp: 'T010:38:04.16' }),
      { answers: [[200, 'event-1']], delivered: 1, warnings: ['notification-deviation'] },
    ],
  ])('%s is answered and counted', (_, text, { answers, errors = [], warnings = [], ...counts }) => {
    const world = open();
    world.receive(text);
    expect(world.answers).toEqual(answers);
    expect(world.heard).toMatchObject({ errors, warnings });
    expect(world.inbox.counts).toMatchObject(counts);
    expect(Object.values(world.inbox.counts).reduce((sum, count) => sum + count)).toBe(1);
    expect(world.heard.events).toHaveLength('delivered' in counts ? 1 : 0);
  });

  it('may close without saying what, which is a deviation but in the draft', () => {
    const text = message({ name: 'close-patient-chart', context: [] });
    const [draft, stu3] = [open('draft'), open('stu3')];
    draft.receive(text);
    stu3.receive(text);
    expect(draft.answers).toEqual([[200, 'event-1']]);
    expect(stu3.answers).toEqual([[200, 'event-1']]);
    expect([draft.heard.warnings, stu3.heard.warnings]).toEqual([[], ['notification-deviation']]);
  });

  it('that repeats another reaches the app once, and gets the same answer', () => {
    const { heard, answers, receive, inbox } = open();
    receive(message());
    receive(message());
    expect(heard.events).toHaveLength(1);
    expect(answers).toEqual([
      [200, 'event-1'],
      [200, 'event-1'],
    ]);
    expect(inbox.counts.duplicate).toBe(1);
  });

  it('that repeats another under another id reaches the app once', () => {
    const { heard, answers, receive, inbox } = open();
    receive(message());
    receive(message({ name: 'org.example.between', id: 'between', context: [] }));
    receive(message({ id: 'event-2' }));
    expect(heard.events.map(({ id }) => id)).toEqual(['event-1', 'between']);
    expect(answers.at(-1)).toEqual([200, 'event-2']);
    expect(inbox.counts.duplicate).toBe(1);
  });

  it.each(['event-1', 'event-2'])(
    'that was taken for a repetition is known when it comes again after another patient (its id: %s)',
    (id) => {
      const { heard, receive, contexts } = open();
      // Their times tell no more than the second.
      receive(message());
      receive(message({ id }));
      receive(message({ id: 'other', context: patientContext('p2') }));
      receive(message({ id }));
      expect(heard.events.map((event) => event.id)).toEqual(['event-1', 'other']);
      expect(contexts.session.current?.patient?.id).toBe('p2');
    },
  );

  it.each(['event-1', 'event-2'])(
    'that repeats another which the app refused asks the app again (its id: %s)',
    (id) => {
      const { listeners, heard, answers, receive } = open();
      let busy = true;
      listeners.add('Patient-open', (event: FhircastEvent) => busy && event.refuse('busy'), false);
      receive(message());
      busy = false;
      receive(message({ id }));
      expect(heard.events.map((event) => event.id)).toEqual(['event-1', id]);
      expect(answers).toEqual([
        [409, 'event-1'],
        [200, id],
      ]);
    },
  );

  it('that repeats another which is still at work waits for its answer', async () => {
    const { listeners, heard, answers, receive } = open();
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    listeners.add('Patient-open', () => work, false);
    receive(message());
    receive(message());
    expect(answers).toEqual([]);
    finish();
    await work;
    await Promise.resolve();
    expect(answers).toEqual([
      [200, 'event-1'],
      [200, 'event-1'],
    ]);
    expect(heard.events).toHaveLength(1);
  });

  it('that is older than the context is dropped, and said to be followed', () => {
    const { heard, answers, receive, contexts, inbox } = open();
    receive(message({ minute: 5 }));
    receive(message({ id: 'older', minute: 4, context: patientContext('p2') }));
    expect(answers.at(-1)).toEqual([200, 'older']);
    expect(heard).toMatchObject({ warnings: ['notification-stale'], errors: [] });
    expect(contexts.session.current?.patient?.id).toBe('p1');
    expect(inbox.counts).toMatchObject({ delivered: 1, stale: 1 });
  });

  it('that is refused leaves the context as it was', () => {
    const { contexts, receive } = open();
    receive(message());
    receive(message({ id: 'bad', minute: 1, context: [] }));
    receive(message({ id: 'foreign', minute: 2, topic: 'other', context: patientContext('p2') }));
    expect(contexts.session.current?.patient?.id).toBe('p1');
  });

  it('from far ahead does not keep the app from following what comes after', () => {
    const { contexts, receive, inbox } = open();
    receive(message({ timestamp: '9999-12-31T23:59:59Z' }));
    receive(message({ id: 'event-2', context: patientContext('p2') }));
    expect(contexts.session.current?.patient?.id).toBe('p2');
    expect(inbox.counts).toMatchObject({ delivered: 2, stale: 0 });
  });

  it('that is too deep to compare is refused, and the next is read', () => {
    const { answers, receive, heard } = open();
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const text = (id: string) =>
      message({ id }).replace('"resourceType":"Patient"', `"resourceType":"Patient","extension":${deep}`);
    receive(text('deep-1'));
    receive(text('deep-2'));
    receive(message({ id: 'event-2', minute: 1 }));
    expect(answers.map(([, id]) => id)).toEqual(['deep-1', 'deep-2', 'event-2']);
    expect(answers.at(-1)).toEqual([200, 'event-2']);
    expect(heard.errors.every((code) => code === 'notification-malformed')).toBe(true);
  });
});

it('every message is answered once and throws nothing, whatever it holds', () => {
  const valid = JSON.parse(message()) as Record<string, unknown>;
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((context) => message({ context: context as never })),
    fc
      .record({ timestamp: fc.jsonValue(), id: fc.jsonValue(), event: fc.jsonValue() }, { requiredKeys: [] })
      .map((changes) => JSON.stringify({ ...valid, ...changes })),
  );
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 8 }), (all) => {
      const { answers, receive, inbox } = open();
      for (const text of all) receive(text);
      expect(answers).toHaveLength(all.length);
      expect(Object.values(inbox.counts).reduce((sum, count) => sum + count)).toBe(all.length);
    }),
    { numRuns: 300 },
  );
});

it('no error, warning or record holds anything of the content or the session', () => {
  const { listeners, receive, heard } = open();
  const said: unknown[] = [];
  for (const name of ['error', 'warning']) listeners.add(name, (error: unknown) => said.push(error), false);
  const secret = 'Quackenbush';
  const resource = { resourceType: secret, id: secret };
  for (const text of [
    secret,
    `{"${secret}":1}`,
    message({ name: secret.repeat(20) }),
    message({ topic: secret }),
    message({ id: 'a', context: [{ key: secret, resource: resource as never }] }),
    message({
      id: 'b',
      context: [
        ...patientContext(),
        { key: secret, resource: { ...resource, subject: { reference: 'Patient/x' } } as never },
      ],
    }),
    message({ id: 'c', context: [{ key: 'patient', resource: resource as never }] }),
  ])
    receive(text);
  expect(heard.errors.length + heard.warnings.length).toBe(7);
  const loggable = said
    .map((error) => [String(error), JSON.stringify(error), inspect(error)])
    .join()
    .toLowerCase();
  expect(loggable).not.toContain(secret.toLowerCase());
  expect(loggable).not.toContain(TOPIC);
});

describe('the current context, when it was asked for', () => {
  const found = (id = 'p1', made: { id?: string; timestamp?: string } = {}) =>
    new CurrentContext('Patient', patientContext(id), made);

  it('reaches the app as an event, and nobody is answered', () => {
    const { inbox, heard, answers, contexts } = open('draft');
    inbox.adoptOpen(found('p1', { id: 'event-1', timestamp: '2024-05-01T10:00:00Z' }));
    expect(heard.events).toMatchObject([{ name: 'Patient-open', id: 'event-1', source: 'resync', isEcho: false }]);
    expect(contexts.session.current?.patient?.id).toBe('p1');
    expect(answers).toEqual([]);
  });

  it('is delivered once, also when the hub sends the event after all', () => {
    const { inbox, heard, receive, answers } = open('draft');
    inbox.adoptOpen(found('p1', { id: 'event-1', timestamp: '2024-05-01T10:00:00Z' }));
    receive(message({ name: 'open-patient-chart' }));
    expect(heard.events).toHaveLength(1);
    expect(answers).toEqual([[200, 'event-1']]);
  });

  it('from far ahead does not keep the app from following what comes after', () => {
    const { inbox, receive, contexts } = open('draft');
    inbox.adoptOpen(found('p1', { id: 'event-0', timestamp: '9999-12-31T23:59:59Z' }));
    receive(message({ name: 'open-patient-chart', context: patientContext('p2') }));
    expect(contexts.session.current?.patient?.id).toBe('p2');
  });

  it('that fails a listener is an error for the app alone', () => {
    const { inbox, heard, listeners } = open('draft');
    listeners.add(
      'Patient-open',
      () => {
        throw new Error('broken');
      },
      false,
    );
    expect(() => inbox.adoptOpen(found())).not.toThrow(FhircastError);
    expect(heard.errors).toEqual(['listener-failed-late']);
  });
});
