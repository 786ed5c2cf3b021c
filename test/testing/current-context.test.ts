import { describe, expect, it } from 'vitest';
import type { TestHub, TestSession } from '../../src/testing/index.ts';
import { openHub, patientContext } from './support.ts';

async function read(url: string, session: TestSession): Promise<unknown> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${session.accessToken}` } });
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return response.json();
}

const readStu = (hub: TestHub, session: TestSession) => read(`${hub.url}/${session.id}`, session);

const NONE = { 'context.type': '', 'context.versionId': '', context: [] };

/** What STU3's answer has beside the context, as long as nothing is shared. */
const NO_CONTENT = { key: 'content', resource: { resourceType: 'Bundle', id: expect.any(String), type: 'collection' } };

const encounter = [{ key: 'encounter', resource: { resourceType: 'Encounter', id: 'c1' } }, ...patientContext()];

describe('the current context', () => {
  it('is none in a new session, in the shape of each version', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    expect(await readStu(hub, session)).toEqual(NONE);
    expect(await read(session.url, session)).toEqual({
      timestamp: expect.any(String),
      id: expect.any(String),
      event: { 'hub.topic': session.url, context: [] },
    });
  });

  it('is what was opened last, in the shape of each version', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('open-patient-chart', patientContext());
    const options = { id: 'e2', timestamp: '2999-01-01T00:00:00.000Z' };
    const { versionId } = await session.publish('Encounter-open', encounter, options);
    expect(await readStu(hub, session)).toEqual({
      'context.type': 'Encounter',
      'context.versionId': versionId,
      context: [...encounter, NO_CONTENT],
    });
    expect(await read(session.url, session)).toEqual({
      ...options,
      event: { 'hub.topic': session.url, context: encounter },
    });
    expect(session.open.map(({ type }) => type)).toEqual(['Patient', 'Encounter']);
  });

  it('gets a new version with every open event, and none with others', async () => {
    const session = (await openHub()).openSession();
    const first = await session.publish('Patient-open', patientContext());
    const second = await session.publish('Patient-open', patientContext());
    expect(first.versionId).not.toBe(second.versionId);
    expect(session.current?.versionId).toBe(second.versionId);
    expect(session.open).toHaveLength(1);
    expect((await session.publish('Patient-close', patientContext())).versionId).toBeUndefined();
  });

  it('is none when it is closed, and stays when another is closed', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext('p1'));
    await session.publish('Patient-open', patientContext('p2'));
    await session.publish('Patient-close', patientContext('p1'));
    expect(session.current?.event.context).toEqual(patientContext('p2'));
    await session.publish('Patient-close', [{ key: 'patient', reference: { reference: 'Patient/p2' } }]);
    expect(await readStu(hub, session)).toEqual(NONE);
    expect(session.open).toEqual([]);
  });

  it('is closed by a draft event that names no patient', async () => {
    const session = (await openHub()).openSession();
    await session.publish('open-patient-chart', patientContext());
    await session.publish('close-patient-chart');
    expect(session.current).toBeUndefined();
  });

  it('is none at home', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Patient-open', patientContext());
    await session.publish('Home-open');
    expect(await readStu(hub, session)).toEqual(NONE);
  });

  it('does not follow what is older', async () => {
    const session = (await openHub()).openSession();
    await session.publish('Patient-open', patientContext('new'), { timestamp: '2024-05-01T10:00:01' });
    await session.publish('Patient-open', patientContext('old'), { timestamp: '2024-05-01T10:00:00Z' });
    await session.publish('Patient-close', patientContext('new'), { timestamp: '2024-05-01T10:00:00Z' });
    expect(session.current?.event.context).toEqual(patientContext('new'));
    expect(session.open).toHaveLength(1);
  });

  it('knows resources that the catalogue does not', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    await session.publish('Observation-open', [
      { key: 'observation', resource: { resourceType: 'Observation', id: 'o' } },
    ]);
    expect(await readStu(hub, session)).toMatchObject({ 'context.type': 'Observation' });
  });

  it('of an unknown topic is not found', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const headers = { Authorization: `Bearer ${session.accessToken}` };
    expect((await fetch(`${hub.url}/elsewhere`, { headers })).status).toBe(404);
  });
});
