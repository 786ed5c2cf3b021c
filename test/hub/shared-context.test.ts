import type { Patient } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { FhircastClient, type FhircastClientOptions, type FhircastEvent, profiles } from '../../src/index.ts';
import { App } from '../integration/app.ts';
import { BRAM, openWorld, patientContext } from '../integration/world.ts';

/** The sandbox hub of 2018, in which another session has a patient open, and an app that was told nothing of the hub. */
async function openSharedHub(options: Partial<FhircastClientOptions>) {
  const world = await openWorld({
    title: 'S18',
    form: 'stu',
    dialect: 'stu3',
    channel: 'webhook',
    personality: 'js-sandbox-2018',
    spelling: { 'Patient-open': [], 'Patient-close': [], 'ImagingStudy-open': [], SyncError: [] },
    sendsSyncErrors: false,
    replays: false,
    context: 'none',
    versions: false,
  });
  const publish = (topic: string, patient: Patient, id: string) =>
    fetch(`${world.hub.url.replace(/\/$/, '')}/${topic}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: world.message('patient-open', { id, topic, context: patientContext(patient) }),
    });
  expect((await publish('another-session', BRAM, 'theirs')).status).toBe(200);
  const { callback, session } = world;
  const client = new FhircastClient({ hubUrl: world.hub.url, topic: session.id, callback, ...options });
  const app = world.take(new App('Viewer', client, world.evidence));
  const events: FhircastEvent[] = [];
  client.on('Patient-open', (event) => void events.push(event));
  return { world, client, app, events, publish };
}

describe('a hub that has one context for all sessions', () => {
  it.each<[string, Partial<FhircastClientOptions>]>([
    ['taken for STU3, and for STU1 when that failed', { launched: 'stu3' }],
    ['taken for STU1', { dialect: 'stu1' }],
    ['taken for STU2', { dialect: 'stu2', channel: 'webhook', profile: profiles.unnamedWebhooks }],
    ['taken for STU3', { channel: 'webhook', profile: profiles.unnamedWebhooks }],
    ['taken for the draft', { dialect: 'draft' }],
  ])('shows nobody the patient of another one, %s', async (_, options) => {
    const { app, client, events, world } = await openSharedHub(options);
    await client.ready();
    await app.until(() => app.client.syncStatus.state === 'in-sync');
    expect(world.seen('context').length).toBeGreaterThan(0);
    expect(events).toEqual([]);
    expect(client.context.current).toBeNull();
  });

  it.each<[string, Partial<FhircastClientOptions>]>([
    ['STU1', { dialect: 'stu1' }],
    ['STU3', { channel: 'webhook', profile: profiles.unnamedWebhooks }],
  ])('and ends at an event on its bare URL gets none there, taken for %s', async (_, options) => {
    const { client, world, publish } = await openSharedHub(options);
    await client.ready();
    await client.requestContextChange('Patient-open', patientContext(BRAM));
    expect((await publish('another-session', BRAM, 'afterwards')).status).toBe(200);
    expect(world.hub.log.filter(({ kind }) => kind === 'publish').length).toBe(3);
  });
});
