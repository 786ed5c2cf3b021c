import { describe, expect, it } from 'vitest';
import { ADA, at, BRAM, patientContext } from '../integration/world.ts';
import { openVictim, type Victim } from './victim.ts';

/** More than are remembered. */
const MANY = 1_100;

/** A message of the hub, signed by it. */
const captured = ({ sign, world }: Victim, name: string, seconds: number, context?: unknown) =>
  sign(world.message(name, { id: `event-${name}-${seconds}`, timestamp: at(seconds), context: context ?? [] }));

/** So many events that what came before them is not remembered by its id any more. */
async function makeForget(victim: Victim, from: number): Promise<void> {
  for (let i = 0; i < MANY; i++) await victim.send(captured(victim, 'user-hibernate', from + i));
}

const patientsOf = ({ events }: Victim) => events.map(({ patient }) => patient?.id);

describe('A captured event is sent again', () => {
  it('soon: it is answered as it was, and reaches nobody', async () => {
    const victim = await openVictim();
    const ada = captured(victim, 'open-patient-chart', 1, patientContext(ADA));
    expect(await victim.send(ada)).toMatchObject({ status: 200 });
    expect(await victim.send(ada)).toMatchObject({ status: 200 });
    expect(patientsOf(victim)).toEqual([ADA.id]);
    expect(victim.app.client.counts).toMatchObject({ delivered: 1, duplicate: 1 });
  });

  it('when its id is forgotten, and another patient is shown: it is older', async () => {
    const victim = await openVictim();
    const ada = captured(victim, 'open-patient-chart', 1, patientContext(ADA));
    await victim.send(ada);
    await victim.world.session.publish('Patient-open', patientContext(BRAM), { timestamp: at(2) });
    await makeForget(victim, 3);
    await victim.send(ada);
    expect(victim.app.client.context.current?.patient?.id).toBe(BRAM.id);
    expect(victim.app.client.counts).toMatchObject({ duplicate: 0, stale: 1 });
  });

  it('when its id is forgotten, and its patient was closed: the patient stays closed', async () => {
    const victim = await openVictim();
    const ada = captured(victim, 'open-patient-chart', 1, patientContext(ADA));
    await victim.send(ada);
    // A close of the draft does not say whose.
    await victim.send(captured(victim, 'close-patient-chart', 2));
    expect(victim.app.client.context.current).toBeNull();
    await makeForget(victim, 3);
    const before = victim.events.length;
    expect(await victim.send(ada)).toMatchObject({ status: 200 });
    expect(victim.app.client.context.current).toBeNull();
    expect(victim.events).toHaveLength(before);
    expect(victim.app.client.counts).toMatchObject({ duplicate: 0, stale: 1 });
  });

  it('when its id is forgotten, and the patient of the moment was found by asking: that one stays', async () => {
    const victim = await openVictim();
    const ada = captured(victim, 'open-patient-chart', 1, patientContext(ADA));
    await victim.send(ada);
    // It says no time, like what some hubs answer.
    await victim.world.session.publish('Patient-open', patientContext(BRAM), { id: 'undated', timestamp: '' });
    expect(victim.app.client.context.current?.patient?.id).toBe(BRAM.id);
    await makeForget(victim, 3);
    await victim.send(ada);
    expect(victim.app.client.context.current?.patient?.id).toBe(BRAM.id);
  });

  it('when its id is forgotten, and it opens nothing: it does not log the user out either', async () => {
    const victim = await openVictim();
    const logout = captured(victim, 'user-logout', 1);
    await victim.send(logout);
    await makeForget(victim, 3);
    const before = victim.events.length;
    await victim.send(logout);
    expect(victim.events).toHaveLength(before);
    // What happens now is still heard.
    await victim.send(captured(victim, 'user-logout', 3 + MANY));
    expect(victim.events).toHaveLength(before + 1);
  });

  it('after the subscription it was sent to: its signature is worth nothing in the next one', async () => {
    const victim = await openVictim();
    const ada = captured(victim, 'open-patient-chart', 1, patientContext(ADA));
    const former = victim.id();
    await victim.send(ada);
    await victim.app.client.unsubscribe();
    const next = await victim.world.follow('Viewer 2');
    expect(victim.id()).not.toBe(former);
    expect(await victim.send(ada)).toMatchObject({ status: 401 });
    const again = { method: 'POST', query: '', ...ada };
    expect(await victim.world.callback.handle(former, again)).toMatchObject({ status: 410 });
    expect(next.client.context.current).toBeNull();
  });

  it('an event stamped in the future by a wrong clock does not keep the later ones out', async () => {
    const victim = await openVictim();
    const { sign, world } = victim;
    const ahead = new Date(Date.now() + 12 * 3_600_000).toISOString();
    await victim.send(sign(world.message('user-hibernate', { id: 'ahead', timestamp: ahead, context: [] })));
    await makeForget(victim, 3);
    const now = new Date(Date.now() + 1000).toISOString();
    const body = world.message('open-patient-chart', { id: 'now', timestamp: now, context: patientContext(ADA) });
    await victim.send(sign(body));
    expect(victim.app.client.context.current?.patient?.id).toBe(ADA.id);
  });
});
