import type { Patient } from 'fhir/r4';
import { FhircastClient } from 'fhircast-client';
import { type ContentSnapshot, type SharedContent, shareContent } from 'fhircast-client/content';
import { accessionsOf } from 'fhircast-client/radiology';
import { readPatients, smart } from '../../web-app/shared/fhirclient.ts';
import { showConnection, showPatient } from '../../web-app/shared/pane-view.ts';
import { summarize } from '../../web-app/shared/patient.ts';
import { type Standing, standingOf } from './standing.ts';
import { sayFailure } from './words.ts';

/** A window in the session. */
export interface Joined {
  readonly client: FhircastClient;
  readonly content: SharedContent;
  /** The patients whose charts the launch gives access to. */
  readonly patients: readonly Patient[];
  /**
   * Shows now and after every change what all windows have, the patient and how far it can be believed, and what this one has.
   *
   * @param show called with the content of the report that is open
   */
  follow(show: (content: ContentSnapshot | null, standing: Standing) => void): void;
}

const NO_REPORT = { title: 'No report open', hint: 'Open one in the worklist' };

/**
 * Joins the session that the launch names.
 *
 * @param name what the others call this window
 */
export async function join(name: string): Promise<Joined> {
  const client = await FhircastClient.fromSmartLaunch(undefined, { subscriberName: name });
  const content = shareContent(client);
  client.ready().catch(sayFailure);
  const patients = await readPatients(await smart.ready());
  return {
    client,
    content,
    patients,
    follow(show) {
      const render = (): void => {
        const { current } = content;
        const standing = standingOf(client.syncStatus, current?.status);
        const patient = current?.context?.patient;
        showConnection(standing.text, standing.level);
        showPatient(patient ? summarize(patient) : null, standing.doubt, NO_REPORT);
        show(current, standing);
      };
      client.subscribe(render);
      content.subscribe(render);
      render();
    },
  };
}

/** What the report is about, in one line. */
export function titleOf({ context }: ContentSnapshot): string {
  if (!context) return 'Report';
  return [context.study?.description, ...accessionsOf(context)].filter(Boolean).join(' · ');
}
