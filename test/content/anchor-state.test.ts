import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnchorMessage, type AnchorState, apply, newAnchor } from '../../src/content/anchor-state.ts';
import { type Held, ResourceMap } from '../../src/content/resource-map.ts';

const held = (id: string, text: string): Held => ({
  resource: { resourceType: 'Observation', id, status: 'final', code: { text } },
  fullUrl: undefined,
});
const key = (id: string) => `observation/${id}`;
const ids = fc.constantFrom('a', 'b', 'c', 'd');

describe('a map of resources', () => {
  it('stays as it was, whatever is made of it', () => {
    const edits = fc.array(fc.tuple(ids, fc.option(fc.string(), { nil: undefined })), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(edits, fc.nat()), { maxLength: 20 }), (steps) => {
        const made = [new ResourceMap()];
        const models: Map<string, string>[] = [new Map()];
        for (const [changes, of] of steps) {
          const from = of % made.length;
          const model = new Map(models[from]);
          for (const [id, text] of changes) {
            if (text === undefined) model.delete(key(id));
            else model.set(key(id), text);
          }
          const next = new Map(changes.map(([id, text]) => [key(id), text === undefined ? undefined : held(id, text)]));
          made.push((made[from] ?? new ResourceMap()).with(next));
          models.push(model);
        }
        const textOf = (one: Held | undefined) =>
          (one?.resource as { code?: { text?: string } } | undefined)?.code?.text;
        for (const [i, map] of made.entries()) {
          const model = models[i] ?? new Map();
          for (const id of ['a', 'b', 'c', 'd']) expect(textOf(map.get(key(id)))).toBe(model.get(key(id)));
          expect(map.size).toBe(model.size);
          expect(new Map(map.entries().map(([name, one]) => [name, textOf(one)]))).toEqual(model);
        }
      }),
    );
  });
});

describe('what is known of an anchor', () => {
  /** What happens to a message on its way, or beside it. */
  const fate = fc.constantFrom(
    'arrives',
    'arrives',
    'is lost',
    'comes twice',
    'comes late',
    'gap',
    'asked',
    'reopened',
    'asked slowly',
    'selected',
  );
  const step = fc.record({ id: ids, text: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }), fate });

  it('is the content of the hub as soon as it has answered, and whatever is called known is so at its version', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let version = 0;
        const hub = new Map<string, Held>();
        const history = new Map<string, Map<string, Held>>([['v0', new Map()]]);
        const answer = (): AnchorMessage => ({ kind: 'answer', versionId: `v${version}`, content: new Map(hub) });
        let state: AnchorState = newAnchor('v0');
        const take = (message: AnchorMessage) => {
          const before = state;
          const { state: after, edits } = apply(state, message);
          state = after;
          // What is told is the difference, and no more.
          for (const [name, now] of edits) expect(after.content.get(name)).toEqual(now);
          for (const [name] of before.content.entries())
            if (!edits.has(name)) expect(after.content.get(name)).toBe(before.content.get(name));
          if (after.standing !== 'known') return;
          expect(new Map(after.content.entries())).toEqual(history.get(after.at ?? ''));
        };
        take(answer());
        const late: AnchorMessage[] = [];
        let slow: AnchorMessage | undefined;
        for (const [n, { id, text, fate: how }] of steps.entries()) {
          const prior = `v${version++}`;
          const change = { key: key(id), fullUrl: undefined, held: text === undefined ? undefined : held(id, text) };
          if (change.held) hub.set(key(id), change.held);
          else hub.delete(key(id));
          history.set(`v${version}`, new Map(hub));
          const link: AnchorMessage = {
            kind: 'link',
            link: { id: `e${n}`, versionId: `v${version}`, priorVersionId: prior, changes: [change] },
          };
          if (how === 'comes late') late.push(link);
          else if (how !== 'is lost' && how !== 'selected') take(link);
          // The select that comes next is faster, and tells the version.
          if (how === 'selected') {
            const told = { id: `s${n}`, versionId: `v${version}`, priorVersionId: undefined, changes: [] };
            take({ kind: 'link', link: told });
            late.push(link);
          }
          if (how === 'comes twice') take(link);
          if (how === 'gap') take({ kind: 'gap' });
          if (how === 'asked') take(answer());
          if (how === 'asked slowly') slow = answer();
          if (how === 'reopened') {
            history.set(`v${++version}`, new Map(hub));
            take({ kind: 'open', versionId: `v${version}` });
            // It was asked for before, and says what was so then.
            if (slow) take(slow);
            slow = undefined;
          }
          if (late.length > 1) for (const one of late.splice(0)) take(one);
        }
        for (const one of late) take(one);
        take({ kind: 'given-up' });
        // What says otherwise than what was told last is asked for again.
        for (let ask = 0; ask < 6; ask++) take(answer());
        expect(state.standing).toBe('known');
        expect(new Map(state.content.entries())).toEqual(hub);
      }),
      { numRuns: 500 },
    );
  });
});
