import type { SharedResource } from './resource-names.ts';

/** A resource of the content, and the fullUrl under which its sender knows it. */
export interface Held {
  readonly resource: SharedResource;
  readonly fullUrl: string | undefined;
}

/** What changes: by type and id what is there from now on, or `undefined` for what is gone. */
export type Edits = ReadonlyMap<string, Held | undefined>;

const lengthOf = (held: Held | undefined): number =>
  held ? JSON.stringify(held.resource).length + (held.fullUrl?.length ?? 0) : 0;

/** How long resources are together, as text, in characters. */
export const textLength = (all: Iterable<Held | undefined>): number => {
  let length = 0;
  for (const held of all) length += lengthOf(held);
  return length;
};

/** How a map that is not the newest differs from the next one. */
interface Newer {
  readonly map: ResourceMap;
  /** What the next one has changed, as it was before. */
  readonly before: Edits;
}

/**
 * Resources by type and id. A map never changes to whoever looks at it, and making the next one costs as much as what changes, however
 * much there is: the newest map has it all, and an older one knows how it differs. Nobody pays for old maps that nobody holds.
 */
export class ResourceMap {
  /** The number of resources. */
  readonly size: number;
  /** How long they are together, as text, in characters. */
  readonly length: number;
  #all: Map<string, Held> | undefined;
  #newer: Newer | undefined;
  /** The keys by what a `urn:` may name: few send one, so that it is made when it is asked for. */
  #byUrl: Map<string | undefined, string> | undefined;

  constructor(all: Map<string, Held> = new Map(), length = textLength(all.values())) {
    this.#all = all;
    this.size = all.size;
    this.length = length;
  }

  /** @param key type and id, see `resource-names.ts` */
  get(key: string): Held | undefined {
    for (let map: ResourceMap = this; ; ) {
      if (map.#all) return map.#all.get(key);
      const newer = map.#newer;
      if (!newer || newer.before.has(key)) return newer?.before.get(key);
      map = newer.map;
    }
  }

  /**
   * The key of what an URL stands for that names no type.
   *
   * @param url the fullUrl of the resource, or a `urn:` with its id
   */
  keyOfUrl(url: string | undefined): string | undefined {
    if (!this.#byUrl) {
      this.#byUrl = new Map();
      for (const [key, { fullUrl, resource }] of [...this.entries()].reverse())
        this.#byUrl.set(resource.id, key).set(fullUrl, key);
    }
    return url && (this.#byUrl.get(url) ?? this.#byUrl.get(url.replace(/^urn:(?:uuid:|oid:)?/i, '')));
  }

  /** Makes the next map. */
  with(edits: Edits): ResourceMap {
    if (edits.size === 0) return this;
    const all = this.#whole();
    const before = new Map<string, Held | undefined>();
    for (const [key, held] of edits) {
      before.set(key, all.get(key));
      if (held) all.set(key, held);
      else all.delete(key);
    }
    this.#byUrl = undefined;
    const length = this.length + textLength(edits.values()) - textLength(before.values());
    const map = new ResourceMap(all, length);
    this.#all = undefined;
    this.#newer = { map, before };
    return map;
  }

  /** Every resource, by its first arrival. */
  values(): readonly Held[] {
    return [...this.#whole().values()];
  }

  /** Every resource with its key. */
  entries(): readonly (readonly [string, Held])[] {
    return [...this.#whole()];
  }

  /** All of it. An older map is worked out when somebody looks through it, and stands for itself from then on. */
  #whole(): Map<string, Held> {
    if (this.#all) return this.#all;
    const undone: Edits[] = [];
    let map: ResourceMap = this;
    for (; !map.#all && map.#newer; map = map.#newer.map) undone.push(map.#newer.before);
    const all = new Map(map.#all);
    for (const before of undone.reverse()) {
      for (const [key, held] of before) {
        if (held) all.set(key, held);
        else all.delete(key);
      }
    }
    this.#all = all;
    this.#newer = undefined;
    return all;
  }
}
