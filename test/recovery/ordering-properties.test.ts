import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CurrentContext } from '../../src/events/current-context.ts';
import { parseNotification } from '../../src/events/notification.ts';
import { ContextStore } from '../../src/following/context-store.ts';

const T0 = Date.parse('2024-01-01T00:00:00Z');

/** An open or a close of one of a few patients and studies, at one of a few times. */
const step = fc.record({
  verb: fc.constantFrom('open', 'close'),
  type: fc.constantFrom('Patient', 'ImagingStudy'),
  id: fc.constantFrom('1', '2', '3'),
  minute: fc.integer({ min: 0, max: 20 }),
});

const notificationOf = (
  { verb, type, id, minute }: { verb: string; type: string; id: string; minute: number },
  index: number,
) =>
  parseNotification({
    id: `event-${index}`,
    timestamp: new Date(T0 + minute * 60_000).toISOString(),
    event: {
      'hub.topic': 'topic',
      'hub.event': `${type}-${verb}`,
      context: [{ key: type === 'Patient' ? 'patient' : 'study', resource: { resourceType: type, id } }],
    },
  });

describe('the order of events', () => {
  it('never leaves the context at an older time than one that was followed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new ContextStore();
        let newest = Number.NEGATIVE_INFINITY;
        // When the current context was established, and when each anchor was closed.
        let since = Number.NEGATIVE_INFINITY;
        const closed = new Map<string, number>();
        for (const [index, one] of steps.entries()) {
          const notification = notificationOf(one, index);
          const { time = Number.NaN } = notification;
          const anchor = `${one.type}/${one.id}`;
          const isOver = time < (closed.get(anchor) ?? Number.NEGATIVE_INFINITY);
          expect(store.isStale(notification)).toBe(time < since || isOver);
          if (store.isStale(notification)) continue;
          store.apply(notification);
          newest = Math.max(newest, time);
          if (one.verb === 'open') since = time;
          else closed.set(anchor, time);
          expect([store.latest, store.since ?? Number.NEGATIVE_INFINITY]).toEqual([newest, since]);
          for (const open of store.session.open) expect(open.time).toBeLessThanOrEqual(newest);
        }
      }),
    );
  });

  it('keeps as current what was opened last and not closed, and closes nothing but what was named', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new ContextStore();
        let model: string[] = [];
        let current: string | null = null;
        for (const [index, one] of steps.entries()) {
          const notification = notificationOf({ ...one, minute: index }, index);
          store.apply(notification);
          const anchor = `${one.type}/${one.id}`;
          model = model.filter((other) => other !== anchor);
          if (one.verb === 'open') {
            model.push(anchor);
            current = anchor;
          } else if (current === anchor) {
            current = null;
          }
          const name = (context: CurrentContext) => `${context.type}/${context.context[0]?.resource?.id}`;
          expect(store.session.open.map(name)).toEqual(model);
          expect(store.session.current && name(store.session.current)).toBe(current);
        }
      }),
    );
  });

  it('lets an open that was overtaken by a close of something else through, and not one that its own close overtook', () => {
    const store = new ContextStore();
    const one = (verb: string, id: string, minute: number) =>
      notificationOf({ verb, type: 'Patient', id, minute }, minute);
    store.apply(one('open', '1', 1));
    store.apply(one('close', '1', 4));
    expect(store.isStale(one('open', '2', 2))).toBe(false);
    expect(store.apply(one('close', '3', 5))).toBe(false);
    expect(store.isStale(one('open', '3', 3))).toBe(true);
    expect(store.isStale(one('open', '3', 6))).toBe(false);
  });

  it('takes an event whose time cannot be read in the order in which it came', () => {
    const store = new ContextStore();
    store.apply(notificationOf({ verb: 'open', type: 'Patient', id: '1', minute: 5 }, 1));
    const unreadable = { ...notificationOf({ verb: 'open', type: 'Patient', id: '2', minute: 0 }, 2), time: undefined };
    expect(store.isStale(unreadable)).toBe(false);
    store.apply(unreadable);
    expect(store.session.current?.patient?.id).toBe('2');
    expect(store.isStale(notificationOf({ verb: 'open', type: 'Patient', id: '3', minute: 4 }, 3))).toBe(true);
  });

  it('does not fill the memory when a hub never closes anything', () => {
    const store = new ContextStore();
    for (let index = 0; index < 200; index++) {
      store.apply(notificationOf({ verb: 'open', type: 'Patient', id: String(index), minute: index }, index));
    }
    expect(store.session.open).toHaveLength(64);
    expect(store.session.open.at(-1)?.patient?.id).toBe('199');
    expect(store.session.current?.patient?.id).toBe('199');
  });
});
