import { FhircastClient } from 'fhircast-client';
import { shareContent } from 'fhircast-client/content';
import {
  createFakeClient,
  type FakeClientOptions,
  type FhircastMatchers,
  fhircastMatchers,
} from 'fhircast-client/testing/fake';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TEST_PATIENTS } from '../../../src/testing/index.ts';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares it so.
  interface Assertion<T = any> extends FhircastMatchers<T> {}
}
expect.extend(fhircastMatchers);

const [ada, bram] = TEST_PATIENTS;
const CHARTS = ['Patient-open', 'Patient-close'] as const;

function fakeClient(options: FakeClientOptions = {}) {
  const client = createFakeClient(options);
  client.on('error', () => {});
  onTestFinished(() => client.unsubscribe().catch(() => {}));
  return client;
}

describe('a fake client', () => {
  it('is a client, which follows what another app opens and closes', async () => {
    const client: FhircastClient = fakeClient({ events: CHARTS });
    expect(client).toBeInstanceOf(FhircastClient);
    const fake = fakeClient();
    const heard: string[] = [];
    fake.on('Patient-open', ({ patient }) => void heard.push(patient.id ?? ''));
    fake.on('patient-close-chart', () => {});
    expect(await fake.open(ada)).toMatchObject({ event: 'Patient-open', status: 200 });
    expect([heard, fake.shown?.patient?.id, fake.syncStatus.state]).toEqual([[ada.id], ada.id, 'in-sync']);
    await fake.open(bram);
    await fake.close();
    expect([fake.shown, fake.context.current]).toEqual([null, null]);
    expect(fake).toHaveSubscribedTo('switch-patient-chart', 'Patient-close');
    expect(fake).not.toHaveSubscribedTo('ImagingStudy-open');
  });

  it('answers as its listeners decide', async () => {
    const fake = fakeClient();
    fake.on('Patient-open', (event) => event.refuse('Dictation in progress'));
    await fake.open(ada);
    expect(fake).toHaveAnswered('Patient-open', 409);
    expect(fake).not.toHaveAnswered('Patient-open');
    expect([fake.shown, fake.context.current?.patient?.id]).toEqual([null, ada.id]);
  });

  it('says nothing of what the app does not ask for', async () => {
    const fake = fakeClient();
    expect(await fake.open(ada)).toBeUndefined();
    fake.on('Patient-open', () => {});
    await fake.ready({ caughtUp: true });
    expect(fake.context.current?.patient?.id).toBe(ada.id);
  });

  it('loses the connection and comes back, with what was opened meanwhile', async () => {
    const fake = fakeClient({ events: CHARTS });
    await fake.open(ada);
    await fake.sync('disconnected');
    await fake.open(bram);
    expect(fake.shown?.patient?.id).toBe(ada.id);
    await fake.sync('in-sync');
    expect(fake.shown?.patient?.id).toBe(bram.id);
    await fake.sync('behind');
    await fake.sync('in-sync');
    expect(fake.syncStatus.state).toBe('in-sync');
  });

  it('hears that another app refuses', async () => {
    const fake = fakeClient();
    fake.on('Patient-open', () => {});
    await fake.open(ada);
    await fake.refuse('Viewer', 'A report is being dictated');
    expect(fake.syncStatus).toMatchObject({ state: 'refused', by: [{ subscriber: 'Viewer' }] });
    await fake.open(bram);
    expect(fake.syncStatus.state).toBe('in-sync');
  });

  it('changes the context, and may be refused', async () => {
    const fake = fakeClient({ events: CHARTS });
    await fake.ready({ caughtUp: true });
    fake.refuseNext(403);
    expect(await fake.requestContextChange('Patient-open', { patient: ada })).toMatchObject({ accepted: false });
    expect(await fake.requestContextChange('Patient-open', { patient: ada })).toMatchObject({ accepted: true });
    await expect.poll(() => fake.shown?.patient?.id).toBe(ada.id);
  });

  it('shares content', async () => {
    const fake = fakeClient();
    const content = shareContent(fake);
    const report = { resourceType: 'DiagnosticReport', id: '1', status: 'unknown', code: {} } as const;
    await fake.open(report, ada);
    const length = { resourceType: 'Observation', id: 'length', status: 'preliminary', code: {} } as const;
    await fake.update({ put: [length] });
    await expect.poll(() => content.current?.resources('Observation').map(({ id }) => id)).toEqual(['length']);
    await content.update({ delete: ['Observation/length'] });
    await expect.poll(() => content.current?.resources('Observation')).toEqual([]);
  });
});
