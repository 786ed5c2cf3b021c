/**
 * `fhircast-client/observe`: what happens to a client, for logs, monitoring and audit trails. It is redacted: names, numbers and times.
 *
 * @packageDocumentation
 */
export {
  type AuditAction,
  type AuditAgent,
  type AuditEventOptions,
  type AuditOptions,
  type AuditRecord,
  audit,
  toAuditEvent,
} from './audit.ts';
export { type Logger, type LogOptions, logTo, type Write } from './log-to.ts';
export {
  type Observation,
  type ObservationKind,
  type ObservationLevel,
  type ObservationValue,
  type ObserveOptions,
  observe,
} from './observation.ts';
export { type DiagnosticsChannel, type DiagnosticsChannels, publishDiagnostics } from './publish-diagnostics.ts';
