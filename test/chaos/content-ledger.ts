import type { FhirResource, Observation } from 'fhir/r4';
import type { HubEvent } from '../../src/testing/ground/hub-event.ts';
import type { HeldContent, TestSession } from '../../src/testing/index.ts';

/** A resource by what tells its states apart. */
export type Marks = ReadonlyMap<string, string>;

/** What the hub held in one version of an anchor. */
export interface Version {
  readonly anchor: string;
  /** Where it comes in the order of all versions. */
  readonly place: number;
  readonly held: string;
}

/** An update that the hub applied. */
export interface Applied {
  readonly id: string;
  readonly anchor: string;
  /** What it put, by name, and `undefined` for what it deleted. */
  readonly edits: ReadonlyMap<string, Observation | undefined>;
  /** What it was put over, by name. */
  readonly before: Marks;
}

/** What a hub did with the content of its session, in its order. */
export class ContentLedger {
  readonly #versions = new Map<string, Version>();
  readonly #applied: Applied[] = [];

  /** Notes from now on what a session takes, at the moment at which it does. */
  watch(session: TestSession): void {
    const take = session.take.bind(session);
    session.take = (event) => {
      this.readOpen(session);
      const anchor = anchorIn(event);
      const before = marksOf(anchor === undefined ? undefined : session.content(anchor));
      const taken = take(event);
      this.readOpen(session);
      const edits = editsIn(event);
      if (taken.event && anchor !== undefined && edits) this.#applied.push({ id: event.id, anchor, edits, before });
      return taken;
    };
  }

  /** Notes the versions of what is open. */
  readOpen(session: TestSession): void {
    for (const { type, event, versionId } of session.open) {
      if (type !== 'DiagnosticReport' || this.#versions.has(versionId)) continue;
      const report = event.context.find(({ key }) => key === 'report')?.resource as { id?: string } | undefined;
      const held = session.content(`${type}/${report?.id}`);
      if (held)
        this.#versions.set(versionId, {
          anchor: held.anchor,
          place: this.#versions.size,
          held: canonical(held.resources),
        });
    }
  }

  /** What the hub had in a version; `undefined` when there was no such version. */
  version(versionId: string | undefined): Version | undefined {
    return versionId === undefined ? undefined : this.#versions.get(versionId);
  }

  /** Every update that was applied. */
  get applied(): readonly Applied[] {
    return this.#applied;
  }
}

/** Resources as text, whatever the order of the resources and of their members. */
export const canonical = (resources: readonly object[]): string =>
  JSON.stringify(resources.map((one) => JSON.stringify(sorted(one))).sort());

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([key, inner]) => [key, sorted(inner)]));
};

/** The name of a resource, such as `Observation/o1`. */
export const nameOf = ({
  resourceType,
  id,
}: {
  readonly resourceType: string;
  readonly id?: string | undefined;
}): string => `${resourceType}/${id}`;

const marksOf = (held: HeldContent | undefined): Marks =>
  new Map((held?.resources ?? []).map((one) => [nameOf(one), (one as { valueString?: string }).valueString ?? '']));

function anchorIn({ name, context }: HubEvent): string | undefined {
  if (!/^DiagnosticReport-update$/i.test(name)) return undefined;
  const entry = context.find(({ key }) => key === 'report') as { reference?: { reference?: string } } | undefined;
  return entry?.reference?.reference;
}

function editsIn({ context }: HubEvent): Applied['edits'] | undefined {
  const bundle = context.find(({ key }) => key === 'updates')?.resource as
    | { entry?: readonly { request?: { method?: string; url?: string }; resource?: FhirResource }[] }
    | undefined;
  if (!bundle) return undefined;
  return new Map(
    (bundle.entry ?? []).map(({ request, resource }) =>
      resource && request?.method !== 'DELETE'
        ? [nameOf(resource), resource as Observation]
        : [request?.url ?? '', undefined],
    ),
  );
}
