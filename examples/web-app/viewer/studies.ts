const STUDIES = ['CT head', 'MR angiogram', 'MR brain', 'CT sinuses'];

/** The study that the reading list shows for a patient: always the same one, and made up. */
export function studyOf(patientId: string): string {
  return STUDIES[[...patientId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % STUDIES.length] ?? 'CT head';
}
