import { describe, expect, it } from 'vitest';
import { contextChange } from '../../src/following/context-change.ts';
import { ContextStore } from '../../src/following/context-store.ts';
import { notify } from '../client/support.ts';
import { growth, LIMIT } from '../growth.ts';

const patient = (identifier: readonly object[], id?: string) => [
  { key: 'patient', resource: { resourceType: 'Patient', id, identifier } as never },
];

const opened = (store: ContextStore, context: ReturnType<typeof patient>) => {
  const before = store.session;
  store.apply(notify({ context }));
  return contextChange(before, store.session);
};

describe('a change of the context', () => {
  it('is found at the same cost, however many are open and have long identifiers', async () => {
    const make = (count: number) => {
      const store = new ContextStore();
      const open = (i: number) =>
        opened(
          store,
          patient(Array.from({ length: 32 }, (_, j) => ({ system: `${j}`, value: `${i} ${'x'.repeat(64)}` }))),
        );
      for (let i = 0; i < count; i++) open(i);
      const before = store.session;
      open(count);
      return { before, now: store.session };
    };
    expect(await growth(make, ({ before, now }) => contextChange(before, now), 6)).toBeLessThan(LIMIT);
  });

  it('closes nothing where the same is opened again', () => {
    const store = new ContextStore();
    opened(store, patient([], 'p1'));
    const { opened: again, closed } = opened(store, patient([{ value: '1' }], 'p1'));
    expect([again.length, closed.length]).toEqual([1, 0]);
  });
});
