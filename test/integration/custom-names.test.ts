import { describe, expect, it } from 'vitest';
import { ADA, at, BRAM, openWorld, patientContext } from './world.ts';
import { WORLDS } from './worlds.ts';

/** Names that are near to those of a change of the context, and none. */
const NEAR_MISSES = [
  ...['opened', 'closed', 'updated', 'selected'].map((verb) => `DiagnosticReport-${verb}`),
  'diagnosticreport-OPENED',
  'Patient-opened',
  'PATIENT-CLOSED',
  'Patient-opens',
  'Patient-open-',
  '-Patient-open',
  'Patient--open',
  'Patient-open-chart-2',
  'Patient_open',
  'Patientopen',
  'open-Patient',
  'Home-opened',
  'home-close',
  'ImagingStudy-closing',
];

describe.each(WORLDS)('a name near to that of an open or a close: $title', (kind) => {
  it('is one of a custom event, and changes no context', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const collected = NEAR_MISSES.map((name) => app.collect(name));
    app.collect('Patient-close');
    await app.client.ready();
    await app.until(() => app.client.syncStatus.state !== 'behind');
    const send = async (name: string, seconds: number, patient = ADA) => {
      const facts = { id: `event-${seconds}`, context: patientContext(patient), timestamp: at(seconds) };
      const answers = await world.session.sendRaw(world.message(name, facts));
      return answers.map(({ status }) => status);
    };
    await send('Patient-open', 1);
    const before = app.client.context.current;
    expect(before?.patient?.id).toBe(ADA.id);
    for (const [index, name] of NEAR_MISSES.entries()) {
      expect([name, await send(name, 2 + index, BRAM)]).toEqual([name, [200]]);
      expect([name, app.client.context.current]).toEqual([name, before]);
      expect(collected[index]?.map(({ hubEvent, source }) => [hubEvent, source])).toEqual(
        expect.arrayContaining([[name, 'hub']]),
      );
      expect(app.client.context.open).toHaveLength(1);
    }
    // Nothing that they said kept a real change out, or was taken for one.
    await send('Patient-open', 1 + NEAR_MISSES.length + 1, BRAM);
    expect(app.client.context.current?.patient?.id).toBe(BRAM.id);
  });
});
