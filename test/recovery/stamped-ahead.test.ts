import type { Patient } from 'fhir/r4';
import { describe, expect, it } from 'vitest';
import { ADA, BRAM, CHIDI, openWorld, patientContext, type World } from '../integration/world.ts';
import { TELLING_WORLDS } from '../integration/worlds.ts';

const HOUR_MS = 3_600_000;

const open = (world: World, patient: Patient, aheadMs = 0): Promise<unknown> =>
  world.session.publish('Patient-open', patientContext(patient), {
    timestamp: new Date(Date.now() + aheadMs).toISOString(),
  });

describe.each(TELLING_WORLDS)(
  'an event that a publisher has stamped an hour ahead: $title',
  { timeout: 20_000 },
  (kind) => {
    it('keeps no later one out, where the hub takes them as they come', async () => {
      const world = await openWorld(kind, { hub: { traits: { contextKeeping: 'open-contexts-as-they-come' } } });
      const app = await world.follow('Viewer', { silenceMs: 100 });
      const asked = () => app.records.filter((record) => record.kind === 'current-context').length;
      await open(world, ADA, HOUR_MS);
      for (const patient of [BRAM, CHIDI]) {
        await open(world, patient);
        await app.until(() => app.client.context.current?.patient?.id === patient.id);
        const before = asked();
        await app.until(() => asked() >= before + 4 && app.client.syncStatus.state === 'in-sync');
        expect(app.client.context.current?.patient?.id).toBe(patient.id);
      }
      expect(app.warningCodes).not.toContain('notification-stale');
    });

    it('is current at a hub that orders by it: the app shows the next one, and then what the hub says', async () => {
      const world = await openWorld(kind, { hub: { traits: { contextKeeping: 'open-contexts' } } });
      const app = await world.follow('Viewer', { silenceMs: 200 });
      const events = app.collect('Patient-open');
      await open(world, ADA, HOUR_MS);
      await open(world, BRAM);
      await app.until(() => events.some(({ source }) => source === 'resync'));
      expect(events.map(({ patient, source }) => [patient?.id, source])).toEqual([
        [ADA.id, 'hub'],
        [BRAM.id, 'hub'],
        [ADA.id, 'resync'],
      ]);
      await open(world, CHIDI);
      // What the app does not show is told to it.
      await app.until(() => app.warningCodes.includes('notification-stale'));
      await app.until(() => app.client.syncStatus.state === 'in-sync');
      const told = await app.client.getCurrentContext();
      expect([told?.patient?.id, app.client.context.current?.patient?.id]).toEqual([ADA.id, ADA.id]);
    });
  },
);
