import { anchorAndAction, type ContextEntry } from '../ground/hub-event.ts';

/** What is left of the context of an event about a report: its studies, and what was updated. */
const LEFT: readonly string[] = ['study', 'updates', 'select'];

/**
 * An event as apps publish it that know a report by its study alone: neither the report nor the patient is in its context.
 *
 * @param name the event's name, in any spelling
 */
export function reportByStudy(name: string, context: readonly ContextEntry[]): readonly ContextEntry[] {
  const isOfReport = anchorAndAction(name).anchor === 'DiagnosticReport';
  return isOfReport ? context.filter(({ key }) => LEFT.includes(key)) : context;
}
