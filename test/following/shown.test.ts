import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ContextEntry } from '../../src/events/context.ts';
import { CurrentContext } from '../../src/events/current-context.ts';
import type { FhircastEvent } from '../../src/events/event.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { Inbox } from '../../src/following/inbox.ts';
import { Listeners } from '../../src/following/listeners.ts';
import { Shown } from '../../src/following/shown.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import { TOPIC } from '../client/support.ts';
import { UNHEARD } from './unheard.ts';

const T0 = Date.parse('2024-01-01T00:00:00Z');
const nothing = () => {};

/** How a listener decides about an event: at once, or when the test says so. */
type Way = 'follow' | 'refuse' | 'throw' | 'wait';

/** What a listener that waits comes to, and what one that followed may do afterwards. */
type Verdict = 'follow' | 'reject' | 'refuse';

interface Pending {
  readonly event: FhircastEvent;
  resolve(): void;
  reject(): void;
}

/** An app whose listener decides as it is told. */
function app(acknowledgeWithinMs = 8_000) {
  const listeners = new Listeners(nothing);
  const contexts = new ContextStore();
  const pending: Pending[] = [];
  let way: Way = 'follow';
  let count = 0;
  const onEvent = (event: FhircastEvent): unknown => {
    let settle = { resolve: nothing, reject: nothing };
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject: () => reject(new Error('failed')) };
    });
    promise.catch(nothing);
    pending.push({ event, ...settle });
    if (way === 'refuse') event.refuse('not now');
    if (way === 'throw') throw new Error('failed');
    return way === 'wait' ? promise : undefined;
  };
  listeners.add('*', onEvent, false);
  listeners.add('error', nothing, false);
  const seen: (string | undefined)[] = [];
  const inbox: Inbox = new Inbox({
    ...UNHEARD,
    topic: TOPIC,
    dialect: () => dialectOf('stu3'),
    listeners,
    contexts,
    acknowledgeWithinMs,
    settled: () => void seen.push(shown()),
  });
  const shown = (): string | undefined => {
    const { context } = inbox.shown;
    return context ? `${context.type}/${context.anchor?.id}` : undefined;
  };
  const receive = (name: string, decides: Way, context: readonly ContextEntry[] = [], id = `event-${count}`) => {
    way = decides;
    const timestamp = new Date(T0 + count++ * 1_000).toISOString();
    const event = { 'hub.topic': TOPIC, 'hub.event': name, context };
    inbox.receive(JSON.stringify({ id, timestamp, event }), nothing, 'websocket');
  };
  const settle = async (index: number, verdict: Verdict) => {
    if (verdict === 'refuse') pending[index]?.event.refuse('after all not');
    if (verdict === 'reject') pending[index]?.reject();
    else pending[index]?.resolve();
    await vi.waitFor(nothing);
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  };
  return { receive, settle, shown, seen, contexts, inbox, pending };
}

const of = (type: string, id: string): readonly ContextEntry[] =>
  [
    { key: type === 'Patient' ? 'patient' : 'study', resource: { resourceType: type, id } },
  ] as unknown as ContextEntry[];

const open = (id: string) => ['Patient-open', of('Patient', id)] as const;
const close = (id: string) => ['Patient-close', of('Patient', id)] as const;

describe('what the app shows', () => {
  it('is what it followed last, and not what it refused', () => {
    const { receive, shown, contexts } = app();
    const say = ([name, context]: ReturnType<typeof open> | ReturnType<typeof close>, way: Way = 'follow') =>
      receive(name, way, context);
    expect(shown()).toBeUndefined();
    say(open('1'));
    say(open('2'), 'refuse');
    expect([shown(), contexts.current?.anchor?.id]).toEqual(['Patient/1', '2']);
    say(close('2'));
    expect([shown(), contexts.current]).toEqual(['Patient/1', null]);
    say(open('3'), 'throw');
    expect(shown()).toBe('Patient/1');
    say(close('1'), 'refuse');
    expect(shown()).toBe('Patient/1');
    say(close('1'));
    expect(shown()).toBeUndefined();
  });

  it('is nothing at home, unless the app stays', () => {
    const { receive, shown } = app();
    receive('Patient-open', 'follow', of('Patient', '1'));
    receive('Home-open', 'refuse');
    expect(shown()).toBe('Patient/1');
    receive('Home-open', 'follow');
    expect(shown()).toBeUndefined();
  });

  it('stays where a close names nothing and means what the app refused', () => {
    const { receive, shown } = app();
    receive('Patient-open', 'follow', of('Patient', '1'));
    receive('Patient-open', 'refuse', of('Patient', '2'));
    receive('Patient-close', 'follow');
    expect(shown()).toBe('Patient/1');
  });

  it('is what was found by asking, closes too', () => {
    const { receive, shown, inbox, contexts } = app();
    receive('Patient-open', 'follow', of('Patient', '1'));
    const { current } = contexts;
    if (!current) throw new Error('Nothing is open.');
    inbox.adoptClose(current);
    expect(shown()).toBeUndefined();
    inbox.adoptOpen(current);
    expect(shown()).toBe('Patient/1');
  });

  it('stays the more specific one where the hub derives an event, but is the derived one where that alone is followed', () => {
    for (const [way, expected] of [
      ['follow', 'ImagingStudy/s1'],
      ['refuse', 'Patient/2'],
    ] as const) {
      const { receive, shown } = app();
      receive('Patient-open', 'follow', of('Patient', '1'));
      receive('ImagingStudy-open', way, [...of('ImagingStudy', 's1'), ...of('Patient', '2')], 'one');
      receive('Patient-open', 'follow', of('Patient', '2'), 'one');
      expect(shown()).toBe(expected);
    }
  });

  describe('while the app has not decided', () => {
    afterEach(() => void vi.useRealTimers());

    it('stays as it was, also when the hub has been told 202', async () => {
      vi.useFakeTimers();
      const { receive, shown, settle, seen } = app(1_000);
      receive('Patient-open', 'follow', of('Patient', '1'));
      receive('Patient-open', 'wait', of('Patient', '2'));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(shown()).toBe('Patient/1');
      await settle(1, 'follow');
      expect([shown(), seen.at(-1)]).toEqual(['Patient/2', 'Patient/2']);
      await settle(1, 'refuse');
    });

    it('goes on by what comes later, which a late decision does not undo', async () => {
      const { receive, shown, settle } = app();
      receive('Patient-open', 'wait', of('Patient', '1'));
      receive('Patient-open', 'follow', of('Patient', '2'));
      await settle(0, 'follow');
      expect(shown()).toBe('Patient/2');
    });
  });

  it('is what the app follows at last, whatever came meanwhile', async () => {
    const { receive, shown, settle, contexts } = app();
    receive('Patient-open', 'follow', of('Patient', '1'));
    receive('Patient-open', 'wait', of('Patient', '2'));
    for (let i = 0; i < 20; i++) receive('Patient-close', 'follow', of('Patient', `unknown-${i}`));
    await settle(1, 'follow');
    expect([shown(), contexts.current?.anchor?.id]).toEqual(['Patient/2', '2']);
    receive('Patient-open', 'follow', of('Patient', '3'));
    expect(shown()).toBe('Patient/3');
  });

  it('is nothing where so much came that nobody knows, and the next one then', async () => {
    const { receive, shown, settle } = app();
    receive('Patient-open', 'follow', of('Patient', '1'));
    receive('Patient-open', 'wait', of('Patient', '2'));
    for (let i = 0; i < 100; i++) receive('Patient-close', 'follow', of('Patient', `unknown-${i}`));
    await settle(1, 'follow');
    expect(shown()).toBeUndefined();
    receive('Patient-open', 'follow', of('Patient', '3'));
    expect(shown()).toBe('Patient/3');
  });

  it('is nothing where so long messages came that not all of them are kept', () => {
    const shown = new Shown();
    const context = (id: string) => new CurrentContext('Patient', [], { id });
    const add = (id: string) => shown.add(() => context(id), 12 * 1024 * 1024);
    const first = add('p1');
    for (const id of ['p2', 'p3', 'p4']) add(id);
    // The first is no longer waited for.
    shown.decide(first, true);
    expect(shown.context).toBeNull();
    shown.decide(add('p5'), true);
    expect(shown.context?.id).toBe('p5');
  });

  it('is at any time what the events leave that were followed, in the order in which they came', async () => {
    const id = fc.constantFrom('1', '2', '3');
    const type = fc.constantFrom('Patient', 'ImagingStudy');
    const way = fc.constantFrom<Way>('follow', 'refuse', 'throw', 'wait');
    const event = fc.record({ verb: fc.constantFrom('open', 'open', 'close', 'home'), type, id, way });
    const decision = fc.record({
      about: fc.nat({ max: 7 }),
      verdict: fc.constantFrom<Verdict>('follow', 'reject', 'refuse'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 8 }),
        fc.array(decision, { maxLength: 8 }),
        fc.nat(),
        async (events, decisions, seed) => {
          const { receive, settle, shown } = app();
          const model: { anchor: string; verb: string; follows: boolean | undefined }[] = [];
          const expected = () =>
            model.reduce<string | undefined>((before, { verb, anchor, follows }) => {
              if (!follows) return before;
              if (verb === 'open') return anchor;
              return verb === 'home' || before === anchor ? undefined : before;
            }, undefined);
          const left = [...decisions];
          let random = seed;
          const decide = async () => {
            const next = left.shift();
            const known = next && model[next.about];
            if (!next || !known) return;
            const wasWaiting = known.follows === undefined;
            await settle(next.about, next.verdict);
            if (next.verdict === 'refuse') known.follows = false;
            else if (wasWaiting) known.follows = next.verdict === 'follow';
          };
          for (const { verb, type: of1, id: id1, way: way1 } of events) {
            const name = verb === 'home' ? 'Home-open' : `${of1}-${verb}`;
            receive(name, way1, verb === 'home' ? [] : of(of1, id1));
            model.push({ anchor: `${of1}/${id1}`, verb, follows: way1 === 'wait' ? undefined : way1 === 'follow' });
            expect(shown()).toBe(expected());
            random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
            if (random % 2) await decide();
            expect(shown()).toBe(expected());
          }
          while (left.length > 0) await decide();
          expect(shown()).toBe(expected());
        },
      ),
    );
  });
});
