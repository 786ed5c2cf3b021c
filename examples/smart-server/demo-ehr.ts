import { startTestEhr, startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';

/** An EHR on this machine that starts the app. */
export interface DemoEhr {
  readonly fhirUrl: string;
  /** The address that starts an app. */
  launchUrl(appLaunchUrl: string): string;
  close(): Promise<void>;
}

/** How long an invented clinician stays on a chart, in milliseconds. */
const CHART_MS = 3_000;

/** Starts an EHR with a hub, in which an invented clinician goes from chart to chart. */
export async function startDemoEhr(): Promise<DemoEhr> {
  const hub = await startTestHub();
  const ehr = await startTestEhr({ hub });
  const session = hub.openSession();
  let turn = 0;
  const clinician = setInterval(() => {
    const patient = TEST_PATIENTS[turn++ % TEST_PATIENTS.length];
    if (patient) void session.publish('Patient-open', [{ key: 'patient', resource: patient }]);
  }, CHART_MS);
  return {
    fhirUrl: ehr.fhirUrl,
    launchUrl: (appLaunchUrl) => ehr.launchUrl(appLaunchUrl, { session }),
    close: async () => {
      clearInterval(clinician);
      await ehr.close();
      await hub.close();
    },
  };
}
