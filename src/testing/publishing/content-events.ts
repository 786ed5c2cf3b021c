import { randomUUID } from 'node:crypto';
import type { ContextEntry } from '../ground/hub-event.ts';
import type { SharedResource } from '../ground/resource-key.ts';

/** What an update changes. */
export interface ContentChange {
  /** What is added, or takes the place of what has its type and id. */
  readonly put?: readonly SharedResource[];
  /** What goes, as in `Observation/1`. */
  readonly delete?: readonly string[];
}

/** How an update or a select of the EHR departs from what it would be. */
export interface ContentEventOptions {
  /** The anchor, such as `DiagnosticReport/1`. Default the current one. */
  readonly anchor?: string;
  /** The event's id. Default a new one. */
  readonly id?: string;
  /** The version on which it builds. Default that which the hub has. */
  readonly versionId?: string;
}

/** The keys under which anchors stand that do not have the name of their type. */
const KEYS: Readonly<Record<string, string>> = { diagnosticreport: 'report', imagingstudy: 'study' };

/** The context of an update (STU3, 3.6.3). */
export function updateContext(anchor: string, change: ContentChange): ContextEntry[] {
  const { put = [], delete: removed = [] } = change;
  const entry = [
    ...put.map((resource) => ({
      fullUrl: keyOf(resource),
      request: { method: 'PUT', url: keyOf(resource) },
      resource,
    })),
    ...removed.map((fullUrl) => ({ fullUrl, request: { method: 'DELETE', url: fullUrl } })),
  ];
  const resource = { resourceType: 'Bundle', id: randomUUID(), type: 'transaction', entry };
  return [anchorEntry(anchor), { key: 'updates', resource }];
}

/** The context of a select (STU3, 3.6.4); without references one that clears the selection. */
export function selectContext(anchor: string, references: readonly string[]): ContextEntry[] {
  const selected = references.map((reference) => ({ key: 'select', reference: { reference } }));
  return [anchorEntry(anchor), ...(selected.length === 0 ? [{ key: 'select' }] : selected)];
}

const keyOf = ({ resourceType, id }: SharedResource): string => `${resourceType}/${id}`;

function anchorEntry(reference: string): ContextEntry {
  const type = (reference.split('/')[0] ?? '').toLowerCase();
  return { key: KEYS[type] ?? type, reference: { reference } };
}
