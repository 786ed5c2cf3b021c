import { describe, expect, it, vi } from 'vitest';
import type { ContextChange, FhircastClient } from '../../src/index.ts';
import { ADA, BRAM, CHIDI, openWorld, patientContext, type World } from './world.ts';
import { WORLDS, type WorldKind } from './worlds.ts';

const STU3 = WORLDS.find(({ title }) => title === 'STU3 by websocket') as WorldKind;

/** A store in a user interface: it draws what it reads when it is told to. */
const store = (client: FhircastClient) => {
  // As it is, without its client.
  const { subscribe } = client;
  const drawn: (string | undefined)[] = [];
  const end = subscribe((...nothing: unknown[]) => {
    expect(nothing).toEqual([]);
    drawn.push(client.shown?.patient?.id);
  });
  return { drawn, end };
};

const open = (world: World, patient: typeof ADA) => world.session.publish('Patient-open', patientContext(patient));
const close = (world: World, patient: typeof ADA) => world.session.publish('Patient-close', patientContext(patient));

describe('a snapshot', () => {
  it('is the same frozen object until it changes', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow('Viewer', { events: ['Patient-open', 'Patient-close', 'org.example.tick'] });
    await open(world, ADA);
    const before = client.context;
    const status = client.syncStatus;
    await world.session.publish('org.example.tick', []);
    // What is not open is closed.
    await close(world, BRAM);
    expect(client.context).toBe(before);
    expect(client.context.implied).toBe(before.implied);
    for (const one of [before, before.open, before.implied, status]) expect(Object.isFrozen(one)).toBe(true);
    await open(world, BRAM);
    expect(client.context).not.toBe(before);
    expect(before.current?.patient?.id).toBe(ADA.id);
  });

  it('is drawn after every change, until the subscription to it ends', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow('Viewer', { events: ['Patient-open', 'Patient-close'] });
    const { drawn, end } = store(client);
    await open(world, ADA);
    await open(world, BRAM);
    expect(drawn.at(-1)).toBe(BRAM.id);
    await close(world, BRAM);
    expect(drawn.at(-1)).toBeUndefined();
    const { length } = drawn;
    end();
    end();
    await open(world, ADA);
    expect(drawn).toHaveLength(length);
  });

  it('is told of once more when the client closes, and nothing is thrown afterwards', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow();
    const states: string[] = [];
    client.subscribe(() => void states.push(`${client.state} ${client.syncStatus.state}`));
    await client.unsubscribe();
    expect(states.at(-1)).toBe('closed disconnected');
    client.subscribe(() => {})();
  });

  it('is not kept from the others by one listener that throws', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow();
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const listeners = process.rawListeners('uncaughtException').slice(0, -1) as ((error: Error) => void)[];
    for (const listener of listeners) process.off('uncaughtException', listener);
    const stop = client.subscribe(() => {
      stop();
      throw new Error('drawing failed');
    });
    const { drawn } = store(client);
    await open(world, ADA);
    expect(drawn.at(-1)).toBe(ADA.id);
    expect(await thrown).toMatchObject({ message: 'drawing failed' });
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
});

describe('a proxy of Vue', () => {
  it('is not made of a client, an event or a context: it would have no private fields', async () => {
    const world = await openWorld(STU3);
    const app = await world.follow();
    const opened = app.collect('Patient-open');
    await open(world, ADA);
    // Vue leaves alone what has this property, and what cannot be extended.
    expect(app.client).toHaveProperty('__v_skip', true);
    for (const one of [opened[0], app.client.shown, app.client.context, app.client.syncStatus, opened[0]?.patient])
      expect(Object.isExtensible(one)).toBe(false);
  });
});

describe('the event context', () => {
  it('tells what was opened and closed, and what is current', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow('Viewer', { events: ['Patient-open', 'Patient-close', 'Home-open'] });
    const said: unknown[] = [];
    const id = (context: ContextChange['current']) => context?.patient?.id ?? null;
    client.on('context', (change) => {
      expect(change.current).toBe(client.context.current);
      said.push([id(change.previous), id(change.current), change.opened.map(id), change.closed.map(id)]);
    });
    await open(world, ADA);
    await open(world, BRAM);
    await open(world, ADA);
    await close(world, BRAM);
    await world.session.publish('Home-open', []);
    await world.session.publish('Home-open', []);
    expect(said).toEqual([
      [null, ADA.id, [ADA.id], []],
      [ADA.id, BRAM.id, [BRAM.id], []],
      [BRAM.id, ADA.id, [ADA.id], []],
      [ADA.id, ADA.id, [], [BRAM.id]],
      [ADA.id, null, [], []],
    ]);
  });
});

describe.each(WORLDS)('what the app shows: $title', (kind) => {
  it('is not what it refused, and follows what comes after that', async () => {
    const world = await openWorld(kind);
    let isDictating = false;
    const app = await world.follow('Viewer', { listener: (event) => isDictating && event.refuse('Dictating') });
    app.collect('Patient-close');
    await app.client.ready();
    await world.confirmed();
    await open(world, ADA);
    isDictating = true;
    await open(world, BRAM);
    expect([app.client.context.current?.patient?.id, app.client.shown?.patient?.id]).toEqual([BRAM.id, ADA.id]);
    await close(world, ADA);
    expect([app.client.context.current?.patient?.id, app.client.shown]).toEqual([BRAM.id, null]);
  });

  it('is not in step for as long as it is something else than the session has', async () => {
    const world = await openWorld(kind);
    let isDictating = false;
    const app = await world.follow('Viewer', { listener: (event) => isDictating && event.refuse('Dictating') });
    const { client } = app;
    app.collect('Patient-close');
    await client.ready();
    await world.confirmed();
    await open(world, ADA);
    await app.until(() => client.syncStatus.state === 'in-sync');
    isDictating = true;
    const drawn: unknown[] = [];
    client.subscribe(() => {
      const isSame = client.shown?.patient?.id === client.context.current?.patient?.id;
      if (!isSame) drawn.push(client.syncStatus.state);
    });
    await open(world, BRAM);
    await close(world, BRAM);
    // It still shows Ada, and nothing is current.
    expect([client.shown?.patient?.id, client.context.current]).toEqual([ADA.id, null]);
    expect(client.syncStatus).toMatchObject({ state: 'refused', by: [{ isSelf: true, diagnostics: 'Dictating' }] });
    expect(drawn).not.toContain('in-sync');
    isDictating = false;
    await open(world, CHIDI);
    await app.until(() => client.syncStatus.state === 'in-sync');
    expect(client.shown?.patient?.id).toBe(CHIDI.id);
  });
});

describe('what the app shows', () => {
  it('is what it was before, when the app fails late', async () => {
    const world = await openWorld(STU3);
    let fail = (_error: Error) => {};
    const promise = new Promise<void>((_, reject) => {
      fail = reject;
    });
    let isSlow = false;
    const app = await world.follow('Viewer', {
      acknowledgeWithinMs: 20,
      listener: () => (isSlow ? promise : undefined),
    });
    await open(world, ADA);
    isSlow = true;
    const { answers } = await open(world, BRAM);
    expect(answers.map(({ status }) => status)).toEqual([202]);
    expect(app.client.shown?.patient?.id).toBe(ADA.id);
    fail(new Error('The chart could not be loaded.'));
    await app.until(() => app.errorCodes.includes('listener-failed-late'));
    expect(app.client.shown?.patient?.id).toBe(ADA.id);
  });

  it('is a change of its own when that has come back', async () => {
    const world = await openWorld(STU3);
    const app = await world.follow();
    const change = await app.client.requestContextChange('Patient-open', { patient: ADA });
    expect(change.accepted).toBe(true);
    await app.until(() => app.client.context.current !== null);
    expect(app.client.shown).toBe(app.client.context.current);
  });
});

describe('ready({ caughtUp: true })', () => {
  it('waits until the hub has told what is current', async () => {
    const world = await openWorld(STU3);
    const first = await world.follow();
    await open(world, ADA);
    await first.client.unsubscribe();
    const late = await world.join('Late', { events: ['Patient-open'] });
    await late.client.ready({ caughtUp: true });
    expect([late.client.syncStatus.state, late.client.context.current?.patient?.id]).toEqual(['in-sync', ADA.id]);
  });

  it('ends with the client, and when it is given up', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.join('Viewer', { events: ['Patient-open'] });
    await expect(client.ready({ caughtUp: true, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    const waiting = client.ready({ caughtUp: true });
    await client.unsubscribe();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('wake()', () => {
  it('does not wait until the next attempt is due', async () => {
    const world = await openWorld(STU3);
    const app = await world.follow('Viewer', { reconnect: { firstMs: 600_000, longestMs: 600_000 } });
    world.session.dropConnections();
    await app.until(() => app.client.state === 'reconnecting');
    while (app.client.state === 'reconnecting') {
      app.client.wake();
      await new Promise(setImmediate);
    }
    await app.client.ready({ caughtUp: true });
    expect(app.client.state).toBe('active');
  });

  it('is followed by ready(), which waits for what the look finds', async () => {
    const world = await openWorld(STU3, { hub: { answerTimeoutMs: 50 } });
    const { client } = await world.follow();
    await client.ready({ caughtUp: true });
    await open(world, ADA);
    world.session.disturbNext('drop');
    await open(world, BRAM);
    expect(client.syncStatus.state).toBe('in-sync');
    client.wake();
    await client.ready({ caughtUp: true });
    expect(client.shown?.patient?.id).toBe(BRAM.id);
  });

  it('is not followed by ready() while the hub is out of reach: what is shown may be old', async () => {
    const world = await openWorld(STU3, { hub: { network: true, answerTimeoutMs: 50 } });
    const app = await world.follow('Viewer', { reconnect: { firstMs: 5, longestMs: 20 } });
    const { client } = app;
    await client.ready({ caughtUp: true });
    await open(world, ADA);
    world.session.disturbNext('drop');
    await open(world, BRAM);
    world.hub.network?.refuse();
    client.wake();
    const caughtUp = client.ready({ caughtUp: true }).then(
      () => client.shown?.patient?.id,
      () => 'not yet',
    );
    await app.until(() => client.syncStatus.state !== 'in-sync');
    world.hub.network?.heal();
    expect([BRAM.id, 'not yet']).toContain(await caughtUp);
  });

  it('does nothing where there is nothing to look at', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.join();
    client.wake();
    expect(client.state).toBe('idle');
    await client.unsubscribe();
    client.wake();
    expect(client.state).toBe('closed');
  });
});

describe('an error that nobody listens to', () => {
  it('is written once, by its code and its sentence', async () => {
    const world = await openWorld(STU3);
    const { client } = await world.follow();
    client.off('error');
    const written = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      for (const id of ['a', 'b']) await world.session.sendRaw(world.message('Patient-open', { id, context: [] }));
      expect(written.mock.calls).toEqual([
        ['fhircast-client: anchor-missing (patient): Tell the operator of the hub. To hear of it, listen to "error".'],
      ]);
    } finally {
      written.mockRestore();
    }
  });
});

describe('a name that is mistyped, where nobody listens to warnings', () => {
  it('is written once', async () => {
    const world = await openWorld(STU3);
    const written = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      const app = await world.join('Viewer', { events: ['Patient-opened', 'Pateint-close', 'Patient-open'] });
      app.client.off('warning');
      await app.client.ready();
      await app.until(() => app.client.hub.discovery !== undefined && written.mock.calls.length > 0);
      expect(written.mock.calls).toEqual([
        ['fhircast-client: event-unknown (patient-opened): Correct the name. To hear of it, listen to "warning".'],
      ]);
    } finally {
      written.mockRestore();
    }
  });
});

describe.each(WORLDS)('a name that is mistyped: $title', (kind) => {
  it('is a warning, once, whether it is listened to, pinned or sent', async () => {
    const world = await openWorld(kind);
    const names = ['Patient-opened', 'org.example.tick', 'Medication-open', 'Patient-open'];
    const app = await world.join('Viewer', { events: ['Pateint-close', ...names] });
    const unknown = () => app.warnings.filter(({ code }) => code === 'event-unknown').map(({ at }) => at);
    await app.until(() => unknown().length === 2);
    await app.client.requestContextChange('Patient-opened' as string, []).catch(() => {});
    await app.client.ready().catch(() => {});
    expect(unknown()).toEqual(['pateint-close', 'patient-opened']);
  });
});

describe('an event that is listened to while others are pinned', () => {
  it('is a warning, once for each name: the hub is not asked for it', async () => {
    const world = await openWorld(STU3);
    const app = await world.join('Viewer', { events: ['Patient-open'] });
    const untold = () => app.warnings.filter(({ code }) => code === 'event-not-subscribed').map(({ at }) => at);
    await app.client.ready();
    const told = vi.fn();
    app.client.on('patient-OPEN', told).on('*', told).on('Patient-close', told);
    await app.until(() => untold().length > 0);
    app.client.off('Patient-close').on('patient-close', told).on('Encounter-open', told);
    await app.until(() => untold().length > 1);
    expect(untold()).toEqual(['Patient-close', 'Encounter-open']);
    expect(app.client.state).toBe('active');
  });

  it('is none where everything is pinned', async () => {
    const world = await openWorld(STU3);
    const app = await world.join('Viewer', { events: ['*'] });
    app.client.on('Patient-close', () => {});
    await app.client.ready().catch(() => {});
    expect(app.warningCodes).not.toContain('event-not-subscribed');
  });
});

describe('a name that the hub lists', () => {
  it('is no warning', async () => {
    const world = await openWorld(STU3);
    const listing = async (...asked: Parameters<typeof fetch>) => {
      const response = await fetch(...asked);
      if (!`${asked[0]}`.includes('.well-known')) return response;
      return Response.json({ ...(await response.json()), eventsSupported: ['Synced', 'Patient-open'] });
    };
    const app = await world.follow('Viewer', { fetch: listing as typeof fetch });
    app.client.on('synced' as string, () => {}).on('resynced' as string, () => {});
    await app.until(() => app.warningCodes.includes('event-unknown'));
    expect(app.warnings.filter(({ code }) => code === 'event-unknown').map(({ at }) => at)).toEqual(['resynced']);
  });
});
