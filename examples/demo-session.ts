import type { DialectName } from 'fhircast-client';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';

/** A session to follow. */
export interface DemoSession {
  readonly hubUrl: string;
  readonly topic: string;
  readonly accessToken: string;
  readonly dialect: DialectName;
}

/** How long an invented clinician stays on a chart, in milliseconds. */
const CHART_MS = 1_000;

/**
 * Starts a hub on this machine in which an invented clinician opens and closes charts, for an example that was given no hub to
 * follow. It ends when the example leaves the session.
 *
 * @param form in which version's words the session is named
 */
export async function demoSession(form: 'draft' | 'stu'): Promise<DemoSession> {
  const hub = await startTestHub();
  const session = hub.openSession();
  console.log('No hub was given: following a session of a test hub on this machine. Leave with Ctrl+C.');
  let turn = 0;
  const clinician = setInterval(() => {
    const patient = TEST_PATIENTS[Math.floor(turn / 2) % TEST_PATIENTS.length];
    const name = turn++ % 2 === 0 ? 'Patient-open' : 'Patient-close';
    if (patient) void session.publish(name, [{ key: 'patient', resource: patient }]);
  }, CHART_MS);
  void hub
    .waitFor(({ kind }) => kind === 'ended', { timeoutMs: 2 ** 31 - 1 })
    .then(() => {
      clearInterval(clinician);
      return hub.close();
    });
  return form === 'draft'
    ? { hubUrl: hub.draftUrl, topic: session.url, accessToken: session.accessToken, dialect: 'draft' }
    : { hubUrl: hub.url, topic: session.id, accessToken: session.accessToken, dialect: 'stu3' };
}
