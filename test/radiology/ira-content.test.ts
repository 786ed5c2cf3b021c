import { describe, expect, it } from 'vitest';
import { type SharedContent, shareContent } from '../../src/content/index.ts';
import type { FhircastClient } from '../../src/index.ts';
import {
  closeReport,
  comparisonsOf,
  imagingSelectionsOf,
  openReport,
  type ReportStatus,
  reportStatusOf,
} from '../../src/radiology/index.ts';
import { askedFor, next, OF_ADA, openReadingRoom } from './reading-room.ts';
import { REPORT } from './support.ts';

const length = (id: string, value: number) => ({
  resourceType: 'Observation' as const,
  id,
  status: 'preliminary' as const,
  code: { text: 'Length' },
  valueQuantity: { value, unit: 'mm' },
});

const region = (id: string) => ({
  resourceType: 'ImagingSelection' as const,
  id,
  status: 'available',
  studyUid: '1.2.840.83474.8.231',
  seriesUid: '1.2.840.83474.8.231.1',
  instance: [{ uid: '1.2.840.83474.8.231.1.7' }],
});

/** Resolves when something holds of the content. */
const until = (content: SharedContent, holds: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      end();
      resolve();
    };
    const end = content.subscribe(look);
    look();
  });

/** An Image Display and a Report Creator that share the content of a report. */
async function share() {
  const room = await openReadingRoom();
  const [viewer, reporting] = [await room.join('image-display'), await room.join('report-creator')];
  const withContent = (client: FhircastClient) => ({ client, content: shareContent(client) });
  const [left, right] = [withContent(viewer), withContent(reporting)];
  await openReport(viewer, OF_ADA);
  for (const { content } of [left, right]) await until(content, () => content.current?.status === 'known');
  return { ...room, viewer: left, reporting: right };
}

describe('updating content (RAD-150)', () => {
  it('publishes the status of the report, which a worklist reads from the update and from the close alike', async () => {
    const { join, reporting } = await share();
    const worklist = await join('worklist-client');
    const told: (ReportStatus | undefined)[] = [];
    worklist.on('DiagnosticReport-update', (event) => void told.push(reportStatusOf(event)));
    worklist.on('DiagnosticReport-close', (event) => void told.push(reportStatusOf(event)));
    await worklist.ready();
    const final = { ...REPORT, status: 'final' as const };
    await reporting.content.update({ put: final });
    const current = await worklist.getCurrentContext();
    expect(reportStatusOf(current)).toBe('final');
    expect(reportStatusOf(reporting.content.current)).toBe('final');
    const closed = next(worklist, 'DiagnosticReport-close');
    await closeReport(reporting.client, { ...OF_ADA, report: final });
    await closed;
    expect(told).toEqual(['final', 'final']);
  });

  it('publishes a study for comparison by the extension associatedStudy', async () => {
    const { viewer, reporting } = await share();
    const told = next(viewer.client, 'DiagnosticReport-update');
    const url = 'https://profiles.ihe.net/RAD/IRA/StructureDefinition/associatedStudy';
    const extension = [{ url, valueReference: { reference: 'ImagingStudy/study-0' } }];
    await reporting.content.update({ put: { ...REPORT, extension } });
    expect(comparisonsOf(await told)).toMatchObject([{ reference: 'ImagingStudy/study-0' }]);
  });

  it('publishes measurements and images under the newest version that it knows, and both hold the same', async () => {
    const { hub, viewer, reporting } = await share();
    const told = next(reporting.client, 'DiagnosticReport-update');
    await viewer.content.update({ put: [length('length-1', 12), region('region-1')] });
    expect(imagingSelectionsOf(await told)).toMatchObject([
      { id: 'region-1', instanceUids: ['1.2.840.83474.8.231.1.7'] },
    ]);
    await until(reporting.content, () => reporting.content.current?.size === 2);
    const known = reporting.content.current?.versionId;
    await reporting.content.update({ delete: 'Observation/length-1' });
    await until(viewer.content, () => viewer.content.current?.size === 1);
    const versions = askedFor(hub, 'DiagnosticReport-update').map(
      ({ body = '' }) => JSON.parse(body).event['context.versionId'],
    );
    expect(versions[1]).toBe(known);
    expect(viewer.content.current?.versionId).toBe(reporting.content.current?.versionId);
  });

  it('sends what is dragged once, when the hand rests', async () => {
    const { hub, viewer } = await share();
    const dragged = [10, 11, 12, 13].map((value) =>
      viewer.content.update({ put: length('length-1', value) }, { throttle: 20 }),
    );
    await Promise.all(dragged);
    expect(askedFor(hub, 'DiagnosticReport-update')).toHaveLength(1);
    expect(viewer.content.current?.get('Observation', 'length-1')?.valueQuantity?.value).toBe(13);
  });

  it('sends it again under the same id after a silence, and nothing is applied twice', async () => {
    const { hub, viewer } = await share();
    hub.loseNextAnswer({ kind: 'publish', arrives: false });
    await viewer.content.update({ put: length('length-1', 12) });
    const ids = askedFor(hub, 'DiagnosticReport-update').map(({ eventId }) => eventId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(viewer.content.current?.size).toBe(1);
  });
});

describe('what others have done meanwhile (RAD-150)', () => {
  it('solves a conflict about other resources by itself', async () => {
    const { viewer, reporting } = await share();
    await Promise.all([
      viewer.content.update({ put: length('length-1', 12) }),
      reporting.content.update({ put: length('length-2', 3) }),
    ]);
    for (const { content } of [viewer, reporting]) await until(content, () => content.current?.size === 2);
    expect(viewer.content.current?.versionId).toBe(reporting.content.current?.versionId);
  });

  it('refuses an update of a report that is closed', async () => {
    const { viewer, reporting } = await share();
    await closeReport(reporting.client, OF_ADA);
    await until(viewer.content, () => viewer.content.current === null);
    const anchor = 'DiagnosticReport/report-1';
    const late = viewer.content.update({ put: length('length-1', 12) }, { anchor });
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/^content-/) });
  });
});

describe('selecting content (RAD-151)', () => {
  it('tells everything that stays selected, and which references a 206 has ignored', async () => {
    const { viewer, reporting } = await share();
    await viewer.content.update({ put: [length('length-1', 12), length('length-2', 3)] });
    await viewer.content.select(['Observation/length-1']);
    const { ignored, status } = await viewer.content.select(['Observation/length-2', 'Observation/unknown']);
    expect([status, ignored]).toEqual([206, ['Observation/unknown']]);
    await until(reporting.content, () => reporting.content.current?.isSelected('Observation/length-2') === true);
    expect(reporting.content.current?.isSelected('Observation/length-1')).toBe(false);
  });

  it('resets the selection', async () => {
    const { viewer, reporting } = await share();
    await viewer.content.update({ put: length('length-1', 12) });
    await viewer.content.select(['Observation/length-1']);
    await until(reporting.content, () => reporting.content.current?.isSelected('Observation/length-1') === true);
    await viewer.content.select([]);
    await until(reporting.content, () => reporting.content.current?.isSelected('Observation/length-1') === false);
  });

  it('selects nothing again by itself when a report is resumed', async () => {
    const { hub, viewer, reporting } = await share();
    await viewer.content.update({ put: length('length-1', 12) });
    await viewer.content.select(['Observation/length-1']);
    await openReport(viewer.client, { ...OF_ADA, report: { ...REPORT, id: 'report-2' } });
    await until(viewer.content, () => viewer.content.of('DiagnosticReport/report-2')?.isCurrent === true);
    await openReport(reporting.client, OF_ADA);
    await until(viewer.content, () => viewer.content.of('DiagnosticReport/report-1')?.isCurrent === true);
    await until(viewer.content, () => viewer.content.current?.status === 'known');
    expect(viewer.content.current?.offered).toEqual(['Observation/length-1']);
    expect(askedFor(hub, 'DiagnosticReport-select')).toHaveLength(1);
  });
});

describe('knowing the content (RAD-153, RAD-154)', () => {
  it('a late app gets all of it with the current context', async () => {
    const { join, viewer } = await share();
    await viewer.content.update({ put: length('length-1', 12) });
    const content = shareContent(await join('evidence-creator'));
    await until(content, () => content.current?.size === 1);
    expect(content.current?.get('Observation', 'length-1')?.valueQuantity?.value).toBe(12);
  });

  it('a version that was missed is fetched', async () => {
    const { hub, topic, viewer, reporting } = await share();
    hub.session(topic)?.disturbNext('drop', { subscriber: 'report-creator' });
    await viewer.content.update({ put: length('length-1', 12) });
    await viewer.content.update({ put: length('length-2', 3) });
    await until(reporting.content, () => reporting.content.current?.size === 2);
    expect(reporting.content.current?.versionId).toBe(viewer.content.current?.versionId);
  });

  it('a close ends what is known of it', async () => {
    const { viewer, reporting } = await share();
    await viewer.content.update({ put: length('length-1', 12) });
    await closeReport(reporting.client, OF_ADA);
    await until(viewer.content, () => viewer.content.of('DiagnosticReport/report-1') === null);
  });

  it('a report that is resumed has the content that it had', async () => {
    const { viewer, reporting } = await share();
    await viewer.content.update({ put: length('length-1', 12) });
    const other = { ...OF_ADA, report: { ...REPORT, id: 'report-2' } };
    await openReport(viewer.client, other);
    await until(reporting.content, () => reporting.content.of('DiagnosticReport/report-2')?.isCurrent === true);
    await openReport(viewer.client, OF_ADA);
    await until(reporting.content, () => reporting.content.of('DiagnosticReport/report-1')?.isCurrent === true);
    await until(reporting.content, () => reporting.content.current?.status === 'known');
    expect(reporting.content.current?.get('Observation', 'length-1')?.valueQuantity?.value).toBe(12);
  });
});
