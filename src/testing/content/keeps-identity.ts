import type { ContextEntry } from '../ground/hub-event.ts';
import type { SharedResource } from '../ground/resource-key.ts';

/** The keys under which it stands whom and what a report is about. */
const IDENTIFYING: readonly string[] = ['patient', 'study'];

/**
 * Whether an update leaves who the patient is, and which the study: every identifier with which it was opened is there still
 * (IHE RAD.IRA, RAD-150).
 */
export function keepsIdentity({ key, resource: opened }: ContextEntry, updated: SharedResource): boolean {
  if (!IDENTIFYING.includes(key.toLowerCase())) return true;
  const left = new Set(identifiersOf(updated));
  return identifiersOf(opened).every((identifier) => left.has(identifier));
}

/** System, type and value of each. */
function identifiersOf(resource: unknown): string[] {
  const { identifier } = resource as { identifier?: unknown };
  if (!Array.isArray(identifier)) return [];
  return identifier.map((one: { system?: unknown; value?: unknown; type?: { coding?: unknown } } | null) =>
    JSON.stringify([one?.system, one?.value, one?.type?.coding]),
  );
}
