/**
 * Every spelling of an event's name that a version of the specification has published, by the canonical name. What the
 * sandbox hubs use is among them.
 */
export const PUBLISHED = {
  'Patient-open': [
    'patient-open',
    'open-patient-chart',
    'patient-open-chart',
    'switch-patient-chart',
    'patient-switch-chart',
    'patient-chart-open',
  ],
  'Patient-close': ['patient-close', 'close-patient-chart', 'patient-close-chart', 'patient-chart-close'],
  'Encounter-open': ['encounter-open'],
  'Encounter-close': ['encounter-close'],
  'ImagingStudy-open': [
    'imagingstudy-open',
    'open-imaging-study',
    'open-image-study',
    'imaging-study-open',
    'switch-imaging-study',
    'imaging-study-switch',
  ],
  'ImagingStudy-close': ['imagingstudy-close', 'close-imaging-study', 'imaging-study-close'],
  'DiagnosticReport-open': ['diagnosticreport-open'],
  'DiagnosticReport-close': ['diagnosticreport-close'],
  'DiagnosticReport-update': ['diagnosticreport-update', 'DiagnosticsReport-update'],
  'DiagnosticReport-select': ['diagnosticreport-select'],
  SyncError: ['syncerror', 'sync-error'],
  UserLogout: ['userlogout', 'userLogout', 'logout-user', 'user-logout'],
  UserHibernate: ['userhibernate', 'userHibernate', 'hibernate-user', 'user-hibernate', 'user-hibernates'],
  'Home-open': ['home-open'],
} as const;
