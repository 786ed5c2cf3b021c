import type { ContextEntry } from 'fhircast-client';
import type { ContentSnapshot } from 'fhircast-client/content';
import { reportStatusOf } from 'fhircast-client/radiology';
import type { Standing } from './standing.ts';

/** The status of a report in words. */
export const STATUS_WORDS: Readonly<Record<string, string>> = {
  unknown: 'Not reported yet',
  preliminary: 'Preliminary',
  final: 'Final',
};

/** The status of a report: what was shared of it counts before what it was opened with. */
export function statusOf(content: ContentSnapshot): string {
  const opened = content.context?.context ?? [];
  const resource = content.get(content.anchor);
  return reportStatusOf(resource ? [...opened, { key: 'report', resource } as ContextEntry] : opened) ?? 'unknown';
}

/**
 * Why the lengths of a report cannot be changed.
 *
 * @returns `undefined` where they can
 */
export function whyNoChange(content: ContentSnapshot | null, { why }: Standing): string | undefined {
  if (why !== undefined) return why;
  if (!content) return 'Open a report in the worklist to begin.';
  return statusOf(content) === 'final' ? 'The report is final. Mark it as preliminary to change it.' : undefined;
}
