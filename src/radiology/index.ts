/**
 * `fhircast-client/radiology`: what events say in radiology's words, what opens reports and studies, and how sessions are started.
 *
 * @packageDocumentation
 */
export { accessionsOf, mrnOf, studyInstanceUidsOf } from './identifiers.ts';
export { type IraActor, type IraClientOptions, type IraFollowOptions, iraOptions } from './ira-actors.ts';
export { type ChangesContext, closeReport, openReport } from './ira-reports.ts';
export { conformanceStatement, type StatementOptions } from './ira-statement.ts';
export {
  comparisonsOf,
  imagingSelectionsOf,
  type NamedStudy,
  reportStudiesOf,
  type SelectedImages,
} from './named-studies.ts';
export {
  type ChangeArguments,
  imagingStudyOpen,
  type OpenedFor,
  type OpenProfile,
  type ReportToOpen,
  reportClose,
  reportOpen,
  type StudyToOpen,
} from './opens.ts';
export { RadiologyError } from './radiology-error.ts';
export { type ReportStatus, reportStatusOf } from './report-status.ts';
export type { ContextSource, WithContent, WithContext } from './resources.ts';
export { launchUrl, newTopic, type SessionToJoin } from './start-session.ts';
