import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FhircastEvent } from '../../src/index.ts';
import { Evidence } from '../integration/evidence.ts';
import { ADA, at, BRAM, patientContext } from '../integration/world.ts';
import { WEBHOOK_WORLDS } from '../integration/worlds.ts';
import { printed } from '../printed.ts';
import { openVictim, type Victim } from './victim.ts';

/** What is written to the console, by whomever. */
let written: string[];
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
beforeEach(() => {
  written = [];
  for (const method of METHODS)
    vi.spyOn(console, method).mockImplementation(
      (...values: unknown[]) => void written.push(values.map(String).join(' ')),
    );
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
});
afterEach(() => void vi.restoreAllMocks());

/** Drives into every failure that a hub, a thief and an app can bring about. */
async function driveFailures(victim: Victim, name: string): Promise<void> {
  const { world, app, send, get, sign } = victim;
  const facts = (seconds: number, context: unknown) => ({ id: `event-${seconds}`, timestamp: at(seconds), context });
  const signed = (seconds: number, context: unknown) => sign(world.message(name, facts(seconds, context)));
  const good = signed(1, patientContext(ADA));
  // The hub knows of what it sends: it is asked about what seems old.
  const published = (seconds: number, patient: typeof ADA) =>
    world.session.publish('Patient-open', patientContext(patient), { id: `event-${seconds}`, timestamp: at(seconds) });
  await published(1, ADA);
  await send(good);
  await send(good);
  await send({ ...good, signature: 'sha256=00' });
  await send({ ...good, signature: `sha1=${'0'.repeat(40)}` });
  await send({ ...good, signature: `sha256=${'0'.repeat(64)}` });
  await send({ body: good.body, signature: '' });
  await send(signed(0, patientContext(BRAM)));
  await published(2, BRAM);
  await send(signed(3, [...patientContext(ADA), ...patientContext(BRAM)]));
  await send(signed(4, JSON.stringify(ADA)));
  await send(sign(JSON.stringify(ADA)));
  await send(sign(`{"${ADA.id}":"${ADA.id}","${ADA.id}":`));
  await send(sign(world.message(name, { topic: `${world.session.id}-${ADA.id}` })));
  await get({ 'hub.mode': 'unsubscribe', 'hub.topic': world.session.id, 'hub.challenge': ADA.id ?? '' });
  await get({ 'hub.mode': 'denied', 'hub.topic': `${world.session.id}0`, 'hub.reason': ADA.id ?? '' });
  world.hub.refuseNext({
    kind: 'subscribe',
    status: 500,
    text: `${world.session.accessToken} ${victim.url()} ${ADA.id}`,
  });
  app.client.on('ImagingStudy-open', () => undefined);
  await world.failure(app.client.ready());
}

describe('Logs, errors and records are stolen', () => {
  it.each(WEBHOOK_WORLDS)('and hold no secret, token, session, callback URL or patient: $title', async (kind) => {
    const failing = (event: FhircastEvent) => {
      if (event.patient?.id === BRAM.id) throw new Error('No images.');
    };
    const victim = await openVictim({ kind, app: { listener: failing } });
    const { world, app } = victim;
    const { evidence } = world;
    await driveFailures(victim, kind.spelling['Patient-open'][0] ?? '');

    expect(new Set(app.errorCodes)).toEqual(
      new Set([
        'signature-missing',
        'signature-malformed',
        'signature-method',
        'signature-mismatch',
        'notification-malformed',
        'anchor-contradiction',
        'listener-failed',
        'hub-failed',
      ]),
    );
    expect(new Set(app.warningCodes)).toEqual(
      new Set(['notification-stale', 'notification-wrong-topic', 'verification-refused']),
    );
    expect(app.records.length).toBeGreaterThan(10);
    // What somebody prints who looks for a fault.
    for (const value of [app.client, world.callback, app.client.counts, world.callback.counts, app.client.hub]) {
      expect(printed(value)).not.toContain(world.session.accessToken);
      evidence.value('what was printed', value);
    }
    for (const text of written) evidence.line(text);
    expect(written).toEqual([]);
    evidence.expectNoLeak();
  });

  it('and would be noticed if they did', async () => {
    const victim = await openVictim();
    const { evidence } = victim.world;
    const { body } = victim.sign('');
    expect(body).toHaveLength(0);
    for (const kind of ['the secret', 'the token', 'the topic', 'the callback URL', 'the name of a patient'])
      expect(evidence.kinds).toContain(kind);
  });

  it.each<[string, unknown]>([
    ['in a message', new Error('s3cret')],
    ['in a cause', new Error('no', { cause: new Error('s3cret') })],
    ['in a property', Object.assign(new Error('no'), { url: 's3cret' })],
    ['deep in it', { a: { b: { c: { d: { e: { f: 's3cret' } } } } } }],
    ['in what a logger alone asks for', { toJSON: () => 's3cret' }],
    ['behind a text', { text: 'a'.repeat(20_000), more: `${'b'.repeat(20_000)} s3cret` }],
  ])('and a secret would be found %s', (_, value) => {
    const evidence = new Evidence();
    evidence.value('before', value);
    evidence.expectNoLeak();
    evidence.keep('a secret', 's3cret');
    expect(() => evidence.expectNoLeak()).toThrow('a secret in before');
  });
});
