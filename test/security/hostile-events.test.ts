import { describe, expect, it } from 'vitest';
import { ADA, at, patientContext } from '../integration/world.ts';
import { openVictim } from './victim.ts';

const TIME = at(1);

const hostile: readonly [string, (topic: string) => string][] = [
  ['brackets without end', () => '['.repeat(500_000)],
  ['objects without end', () => '{"a":'.repeat(500_000)],
  [
    'a context that is too deep for what compares it',
    (topic) =>
      `{"id":"deep","timestamp":"${TIME}","event":{"hub.topic":"${topic}","hub.event":"open-patient-chart","context":[{"key":"patient","resource":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}]}}`,
  ],
  [
    'a prototype',
    (topic) =>
      `{"id":"p","timestamp":"${TIME}","__proto__":{"polluted":1},"event":{"__proto__":{"polluted":1},"hub.topic":"${topic}","hub.event":"open-patient-chart","context":[{"key":"__proto__","resource":{"resourceType":"Patient","id":"x","__proto__":{"polluted":1}}}]}}`,
  ],
  ['nothing', () => ''],
  ['null', () => 'null'],
  ['a number that is no number', () => '{"id":1e999}'],
  ['half of a character', (topic) => `{"id":"\\ud800","event":{"hub.topic":"${topic}","hub.event":"\\udfff"}}`],
  [
    'an event that is called like a method',
    (topic) => `{"id":"c","event":{"hub.topic":"${topic}","hub.event":"constructor","context":[]}}`,
  ],
  [
    'a hundred thousand entries',
    (topic) =>
      `{"id":"m","timestamp":"${TIME}","event":{"hub.topic":"${topic}","hub.event":"open-patient-chart","context":[${Array(100_000).fill('{"key":"x"}').join()}]}}`,
  ],
];

describe('An event is made to break what reads it', () => {
  it.each(hostile)('%s, signed: an answer, no exception, and the next event is read', async (_, make) => {
    const victim = await openVictim({ world: { callback: { bodyLimit: 8 * 1024 * 1024 } } });
    const { world, app, sign, send } = victim;
    const topic = world.seen('subscribe')[0]?.fields?.['hub.topic'] ?? '';
    const { status } = await send(sign(make(topic)));
    expect([200, 400, 404, 422]).toContain(status);
    expect({}).not.toHaveProperty('polluted');
    const facts = { id: 'next', timestamp: at(2), context: patientContext(ADA) };
    expect(await send(sign(world.message('open-patient-chart', facts)))).toMatchObject({ status: 200 });
    expect(app.client.context.current?.patient?.id).toBe(ADA.id);
  });
});
