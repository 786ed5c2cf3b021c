import { expect, it } from 'vitest';
import { apply, newAnchor } from '../../src/content/anchor-state.ts';
import { type Held, ResourceMap } from '../../src/content/resource-map.ts';

const held = (id: string, text = id): Held => ({
  resource: { resourceType: 'Observation', id, status: 'final', code: { text } },
  fullUrl: undefined,
});

const mapWith = (resources: number) =>
  new ResourceMap(new Map(Array.from({ length: resources }, (_, i) => [`observation/o${i}`, held(`o${i}`)])));

/** An anchor with so much content. */
const anchorWith = (resources: number) => {
  const content = new Map(Array.from({ length: resources }, (_, i) => [`observation/o${i}`, held(`o${i}`)]));
  let { state } = apply(newAnchor('v0'), { kind: 'answer', versionId: 'v0', content });
  let version = 0;
  return () => {
    const change = { key: 'observation/o1', fullUrl: undefined, held: held('o1', `text ${version}`) };
    const link = { id: `e${version}`, priorVersionId: `v${version}`, versionId: `v${++version}`, changes: [change] };
    const outcome = apply(state, { kind: 'link', link });
    if (outcome.edits.size !== 1) throw new Error('It was not applied.');
    state = outcome.state;
  };
};

/** How often something calls a map's methods. What copies a map sets each of its entries. */
const workOf = (act: () => void): number => {
  let calls = 0;
  const before = { ...Object.getOwnPropertyDescriptors(Map.prototype) };
  for (const name of ['get', 'set', 'has', 'delete', 'entries', 'keys', 'values', 'forEach'] as const) {
    const own = Map.prototype[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(Map.prototype, name, {
      ...before[name],
      value(this: unknown, ...args: unknown[]) {
        calls++;
        return own.apply(this, args);
      },
    });
  }
  try {
    act();
  } finally {
    Object.defineProperties(Map.prototype, before);
  }
  return calls;
};

it('applying an update is the same work, whether there are 10, 1,000 or 10,000 resources', () => {
  const [few, some, many] = [10, 1_000, 10_000].map((resources) => {
    const update = anchorWith(resources);
    update();
    return workOf(update);
  });
  expect(few).toBeGreaterThan(0);
  expect([some, many]).toEqual([few, few]);
});

it('and looking at one resource of the content before it, too', () => {
  const [few, many] = [10, 10_000].map((resources) => {
    const old = mapWith(resources);
    old.with(new Map([['observation/o1', held('o1', 'other')]]));
    let seen: unknown;
    const work = workOf(() => {
      seen = [old.get('observation/o1'), old.get('observation/o2')];
    });
    expect(seen).toEqual([held('o1'), held('o2')]);
    return work;
  });
  expect(many).toBe(few);
});
