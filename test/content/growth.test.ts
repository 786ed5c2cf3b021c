import { expect, it } from 'vitest';
import { apply, newAnchor } from '../../src/content/anchor-state.ts';
import type { Held } from '../../src/content/resource-map.ts';
import { growth } from '../growth.ts';

const held = (id: string, text = id): Held => ({
  resource: { resourceType: 'Observation', id, status: 'final', code: { text } },
  fullUrl: undefined,
});

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

it('applying an update costs no more where there is ten times the content', async () => {
  // What copies the content costs ten times as much.
  expect(await growth(anchorWith, (work) => work(), 1_000)).toBeLessThan(5);
});
