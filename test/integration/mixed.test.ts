import { describe, expect, it } from 'vitest';
import { FhircastClient } from '../../src/index.ts';
import { App } from './app.ts';
import { ADA, BRAM, CHIDI, chosenFor, openWorld, patientContext, settled, type World } from './world.ts';
import { WORLDS, type WorldKind } from './worlds.ts';

/** One session in which each row of the matrix has an app, by its title. */
async function openMixed(): Promise<{ world: World; apps: Map<WorldKind, App> }> {
  const [first] = WORLDS;
  if (!first) throw new Error('There is no world.');
  const world = await openWorld(first);
  const apps = new Map<WorldKind, App>();
  for (const kind of WORLDS) {
    const access_token = world.session.issueToken('fhircast fhircast/*.*', 3600, kind.title);
    world.evidence.keep('the token', access_token);
    const launch = { ...world.session.launch(kind.form, { scope: 'fhircast fhircast/*.*' }), access_token };
    const { callback } = world;
    const chosen = chosenFor(kind);
    const client = await FhircastClient.fromSmartLaunch(launch, { callback, subscriberName: kind.title, ...chosen });
    apps.set(kind, world.take(new App(kind.title, client, world.evidence)));
  }
  return { world, apps };
}

/** Resolves when nothing of anybody's subscription is under way. */
async function ready(world: World, apps: Map<WorldKind, App>): Promise<void> {
  for (const app of apps.values()) {
    await app.client.ready();
    await settled(app);
  }
  await world.confirmed();
}

describe('a session of apps of every version', () => {
  it.each(WORLDS)('follows what an app of the $title opens', async (kind) => {
    const { world, apps } = await openMixed();
    const followed = new Map([...apps].map(([of, app]) => [of, app.collect('patient-open-chart')] as const));
    await ready(world, apps);

    const change = await apps.get(kind)?.client.requestContextChange('Patient-open', { patient: ADA });
    expect(change).toMatchObject({ accepted: true });
    for (const [of, app] of apps) {
      await app.until(() => followed.get(of)?.length === 1);
      expect(followed.get(of)).toMatchObject([
        { id: change?.id, hubEvent: of.spelling['Patient-open'][0], isEcho: of === kind, context: patientContext(ADA) },
      ]);
      expect((await app.client.getCurrentContext())?.patient).toEqual(ADA);
    }
  });

  it('agrees on what is current after changes by everybody', async () => {
    const { world, apps } = await openMixed();
    const followed = new Map([...apps].map(([of, app]) => [of, app.collect('Patient-open')] as const));
    const closed = new Map([...apps].map(([of, app]) => [of, app.collect('Patient-close')] as const));
    await ready(world, apps);
    const patients = [ADA, BRAM, CHIDI];
    for (const [index, patient] of patients.entries()) {
      const [, app] = [...apps][index % apps.size] ?? [];
      await app?.client.requestContextChange('Patient-open', { patient });
      for (const [of, other] of apps) await other.until(() => followed.get(of)?.length === index + 1);
    }
    for (const [of, { client }] of apps) {
      expect(followed.get(of)?.map((event) => event.patient?.id)).toEqual(patients.map(({ id }) => id));
      expect(client.context.current?.patient).toEqual(CHIDI);
      expect(client.context.open.map((context) => context.patient?.id)).toEqual(patients.map(({ id }) => id));
    }
    await world.session.publish('Patient-close', patientContext(CHIDI));
    for (const [of, { client }] of apps) {
      expect(closed.get(of)).toHaveLength(1);
      expect(client.context.current).toBeNull();
      expect(client.context.open.map((context) => context.patient?.id)).toEqual([ADA.id, BRAM.id]);
    }
  });

  it('goes on without those who leave', async () => {
    const { world, apps } = await openMixed();
    const followed = new Map([...apps].map(([of, app]) => [of, app.collect('Patient-open')] as const));
    await ready(world, apps);
    const [[leaving, leaver] = [], ...others] = apps;
    await leaver?.client.unsubscribe();
    await world.session.publish('Patient-open', patientContext(ADA));
    for (const [of] of others) expect(followed.get(of)).toHaveLength(1);
    expect(leaving && followed.get(leaving)).toEqual([]);
  });
});
