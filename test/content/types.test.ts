import { expect, it } from 'vitest';
import type { ContentSnapshot, SharedContent } from '../../src/content/index.ts';

it('mistakes in a change are errors of the compiler', () => {
  const mistakes = [
    // @ts-expect-error: a misspelt type
    (content: SharedContent) => content.update({ put: { resourceType: 'Observaton', id: 'a' } }),
    // @ts-expect-error: nothing
    (content: SharedContent) => content.update({}),
    // @ts-expect-error: no name
    (content: SharedContent) => content.update({ delete: {} }),
    // @ts-expect-error: no name
    (content: SharedContent) => content.select([{}]),
    // @ts-expect-error: a function is not dragged
    (content: SharedContent) => content.update(() => undefined, { throttle: true }),
    // @ts-expect-error: a select is not dragged
    (content: SharedContent) => content.select([], { throttle: true }),
  ];
  expect(mistakes).toHaveLength(6);
});

it('a type of a resource says what is in it', () => {
  const texts = (snapshot: ContentSnapshot): (string | undefined)[] =>
    snapshot.resources().map((one) => (one.resourceType === 'Observation' ? one.valueString : one.id));
  expect(texts).toBeTypeOf('function');
});
