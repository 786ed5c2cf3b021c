import { describe, expect, it } from 'vitest';
import { ADA, at, patientContext } from '../integration/world.ts';
import { WEBHOOK_WORLDS } from '../integration/worlds.ts';
import { openVictim } from './victim.ts';

describe('A subscription is verified for another session', () => {
  it.each(WEBHOOK_WORLDS)('404, while it is asked for and afterwards: $title', async (kind) => {
    const others: { readonly topic: string; readonly status: number }[] = [];
    const victim = await openVictim({
      kind,
      app: {
        fetch: async (url, init) => {
          const form = new URLSearchParams(String(init?.body ?? ''));
          const callback = form.get('hub.callback');
          const topic = form.get('hub.topic') ?? '';
          if (callback && form.get('hub.mode') === 'subscribe') {
            for (const other of [
              `${topic}0`,
              topic.slice(0, -1),
              '',
              topic.toUpperCase(),
              `https://other.example/${topic}`,
            ]) {
              const fields = { 'hub.mode': 'subscribe', 'hub.topic': other, 'hub.challenge': 'c' };
              const answer = await fetch(`${callback}?${new URLSearchParams(fields)}`);
              others.push({ topic: other, status: answer.status });
            }
          }
          return fetch(url, init);
        },
      },
    });
    expect(others.length).toBeGreaterThan(4);
    for (const { status } of others) expect(status).toBe(404);
    const fields = { 'hub.mode': 'subscribe', 'hub.topic': 'another', 'hub.challenge': 'c' };
    expect(await victim.get(fields)).toMatchObject({ status: 404, body: '' });
    expect(victim.app.client.state).toBe('active');
  });
});

describe('An event of another session is delivered', () => {
  it.each(WEBHOOK_WORLDS)('404, though the hub signed it, and nobody is shown: $title', async (kind) => {
    const victim = await openVictim({ kind });
    const { world, app, sign, send, events } = victim;
    const [name = ''] = kind.spelling['Patient-open'];
    const facts = { timestamp: at(1), context: patientContext(ADA) };
    expect(await send(sign(world.message(name, { ...facts, topic: 'another' })))).toMatchObject({ status: 404 });
    // Two topics in one message: it may be read in two ways.
    const both = JSON.parse(world.message(name, facts)) as Record<string, unknown>;
    const twice = JSON.stringify({ ...both, 'hub.topic': 'another' });
    expect(await send(sign(twice))).toMatchObject({ status: 400 });
    const repeated = world.message(name, facts).replace('"hub.topic":', '"hub.topic":"another","hub.topic":');
    expect(await send(sign(repeated))).toMatchObject({ status: 400 });
    expect(events).toEqual([]);
    expect(app.client.context.current).toBeNull();
    expect(app.client.counts).toMatchObject({ wrongTopic: 1, malformed: 2, delivered: 0 });
  });
});
