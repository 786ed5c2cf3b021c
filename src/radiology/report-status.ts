import { type JsonObject, text } from '../events/json-object.ts';
import { type ContextSource, shared, under } from './resources.ts';

/** The statuses of a report in FHIR R4 and R5. */
export type ReportStatus =
  | 'registered'
  | 'partial'
  | 'preliminary'
  | 'modified'
  | 'final'
  | 'amended'
  | 'corrected'
  | 'appended'
  | 'cancelled'
  | 'entered-in-error'
  | 'unknown';

const STATUS =
  /^(registered|partial|preliminary|modified|final|amended|corrected|appended|cancelled|entered-in-error|unknown)$/;

const statusOf = ({ status }: JsonObject): ReportStatus | undefined =>
  STATUS.exec(text(status)?.toLowerCase() ?? '')?.[0] as ReportStatus | undefined;

/** The id of a resource, or what a reference ends in. */
const idOf = ({ id, reference }: JsonObject): string | undefined => text(id) ?? text(reference)?.split('/').pop();

/**
 * The status of the report that a context is about. An update with a new status, a close with one, and the current context of
 * either tell it alike: what is shared about the report counts before what was opened.
 *
 * @param source an event, a context, a `ContentSnapshot`, or a context array
 * @returns `undefined` when nothing tells it, or when an update that does not name its report holds several
 */
export const reportStatusOf = (source: ContextSource): ReportStatus | undefined => {
  const reports = under(source, 'report');
  const anchor = reports.map(idOf).find((id) => id !== undefined);
  const content = shared(source, 'diagnosticreport');
  const isOurs = (one: JsonObject) => anchor === idOf(one) || (content.length === 1 && !(anchor && idOf(one)));
  return [...reports, ...content.filter(isOurs)].map(statusOf).filter(Boolean).pop();
};
