import type { ContentChange, ContentSnapshot } from '../../src/content/index.ts';
import { type ChaosContent, type ContentMaker, realContent } from './content-app.ts';

/** Sharing of content that is broken on purpose, to see that a run notices. */
export type ContentBreakage =
  | 'shows old content'
  | 'leaves out what it was told'
  | 'shows no selection'
  | 'tells half of a change'
  | 'sends everything twice'
  | 'says that it is done, and sends nothing'
  | 'says that it was refused, and it was not'
  | 'decides by old content'
  | 'never says what became of it';

/** Shares content in a way that is broken. */
export const brokenContent =
  (breakage: ContentBreakage): ContentMaker =>
  (client) => {
    const content = realContent(client);
    const update = brokenUpdate(breakage, content);
    const shown = new Map<string, ContentSnapshot>();
    const show = (snapshot: ContentSnapshot | null) => snapshot && brokenSnapshot(breakage, snapshot, shown);
    return new Proxy(content, {
      get(target, key) {
        if (key === 'of') return (...args: Parameters<ChaosContent['of']>) => show(content.of(...args));
        if (key === 'update') return update;
        if (key === 'on' && breakage === 'tells half of a change')
          return (name: 'change', listener: (change: ContentChange) => unknown) =>
            content.on(name, (change) => listener({ ...change, added: [] }));
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };

function brokenSnapshot(
  breakage: ContentBreakage,
  snapshot: ContentSnapshot,
  shown: Map<string, ContentSnapshot>,
): ContentSnapshot {
  if (breakage === 'shows old content') {
    const old = shown.get(snapshot.anchor) ?? snapshot;
    if (snapshot.status === 'known') shown.set(snapshot.anchor, old);
    return old;
  }
  const changes: Partial<Record<keyof ContentSnapshot, unknown>> =
    breakage === 'shows no selection'
      ? { selected: [] }
      : breakage === 'leaves out what it was told'
        ? { resources: () => snapshot.resources().slice(1) }
        : {};
  // The snapshot itself is frozen.
  return new Proxy({} as ContentSnapshot, {
    get: (_, key) => {
      const value: unknown = key in changes ? Reflect.get(changes, key) : Reflect.get(snapshot, key, snapshot);
      return typeof value === 'function' ? value.bind(snapshot) : value;
    },
  });
}

function brokenUpdate(breakage: ContentBreakage, content: ChaosContent): ChaosContent['update'] {
  let first: ContentSnapshot | undefined;
  return async (change, ...options) => {
    switch (breakage) {
      case 'never says what became of it':
        return new Promise(() => undefined);
      case 'says that it is done, and sends nothing':
        return { id: 'never-sent', put: [], content: content.all[0] as ContentSnapshot };
      case 'sends everything twice':
        await content.update(change, ...options);
        break;
      case 'says that it was refused, and it was not':
        await content.update(change, ...options);
        throw Object.assign(new Error('Refused.'), { code: 'hub-refused' });
      case 'decides by old content':
        if (typeof change !== 'function') break;
        return content.update(
          (current) => {
            first ??= current;
            return change(first);
          },
          ...options,
        );
      default:
    }
    return content.update(change, ...options);
  };
}
