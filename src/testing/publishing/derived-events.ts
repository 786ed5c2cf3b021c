import { randomUUID } from 'node:crypto';
import { anchorAndAction, type ContextEntry, type HubEvent } from '../ground/hub-event.ts';
import { instant } from '../ground/instant.ts';
import type { DerivedEventsTrait } from '../ground/traits.ts';

/** Resources that are opened, the least specific first. */
const ANCHORS = ['Patient', 'Encounter', 'ImagingStudy', 'DiagnosticReport'] as const;

/** An event and what the hub derives from it, in the order in which they are sent. */
export function withDerived(event: HubEvent, trait: DerivedEventsTrait | undefined): readonly HubEvent[] {
  if (trait === undefined) return [event];
  const { anchor, action } = anchorAndAction(event.name);
  if (action !== 'open' && action !== 'close') return [event];
  const broader = ANCHORS.slice(0, Math.max(rankOf(anchor), 0)).filter((type) =>
    event.context.some((entry) => typeOf(entry) === type),
  );
  // The most specific is opened first and closed last.
  const order = action === 'open' ? [...broader].reverse() : broader;
  const derived = order.map((type, index) => derive(event, `${type}-${action}`, { type, place: index + 1, trait }));
  return trait.order === 'before' ? [...derived, event] : [event, ...derived];
}

function derive(
  event: HubEvent,
  name: string,
  { type, place, trait }: { type: string; place: number; trait: DerivedEventsTrait },
): HubEvent {
  const { versionId: _version, priorVersionId: _prior, original: _original, ...rest } = event;
  const context = event.context.filter((entry) => rankOf(typeOf(entry) ?? '') <= rankOf(type));
  const derived = { ...rest, name, context };
  if (trait.ids === 'same') return derived;
  const at = instant(event.timestamp) + place;
  const timestamp = Number.isNaN(at) ? event.timestamp : new Date(at).toISOString();
  return { ...derived, id: randomUUID(), timestamp };
}

const rankOf = (type: string): number => ANCHORS.findIndex((anchor) => anchor.toLowerCase() === type.toLowerCase());

function typeOf({ resource }: ContextEntry): string | undefined {
  const has = typeof resource === 'object' && resource !== null && 'resourceType' in resource;
  return has ? String(resource.resourceType) : undefined;
}
