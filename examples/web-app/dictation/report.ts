import type { PatientSummary } from '../shared/patient.ts';

/** What a new report starts with. */
export function firstDraft({ name, mrn }: PatientSummary): string {
  return `Patient: ${name}\nNumber: ${mrn}\n\nTechnique:\n\nFindings:\n\nImpression:\n`;
}
