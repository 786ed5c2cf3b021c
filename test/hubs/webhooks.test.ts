import { describe, expect, it } from 'vitest';
import { profiles } from '../../src/index.ts';
import { ADA } from '../integration/world.ts';
import { postForm } from '../testing/support.ts';
import { openField, SANDBOXES } from './support.ts';

/** What makes a sandbox hub deliver by webhook: nothing for S18, and a profile for S24. */
const BY_WEBHOOK = [
  ['js-sandbox-2018', {}],
  ['js-sandbox-2024', { profile: profiles.jsSandbox2024, channel: 'webhook' }],
] as const;

/** P19, told that it is P19. */
const P19 = { profile: [profiles.javaHub2019, profiles.unverifiedSignatures] };

/** Posts to a callback URL as its hub would, signed or not. */
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });

describe('S18, S24: the verification GET carries the challenge and the topic, and no mode and no events', () => {
  it.each(BY_WEBHOOK)('so it is known by its path and its topic (%s)', async (personality, options) => {
    const { followApp, seen, opens } = await openField(personality);
    const app = await followApp(options);
    expect(Object.keys(seen('verify')[0]?.fields ?? {}).sort()).toEqual(['hub.challenge', 'hub.topic']);
    expect(seen('answer')[0]).toMatchObject({ about: 'verify', status: 200 });
    const [{ requested = undefined } = {}] = app.subscribed;
    expect(requested).toContain('Patient-open');
    expect(app.subscribed).toMatchObject([{ channel: 'webhook', granted: requested, leaseSeconds: undefined }]);
    await opens();
    expect(app.client.counts.delivered).toBe(1);
  });

  it('and where an unsubscription would end everybody’s, none is sent: the others stay (S18)', async () => {
    const { followApp, seen, opens } = await openField('js-sandbox-2018');
    const stays = await followApp({}, 'Viewer');
    const leaves = await followApp({}, 'Dictation');
    await leaves.client.unsubscribe();
    expect(leaves.errors).toEqual([]);
    expect(seen('unsubscribe')).toEqual([]);
    void opens();
    await stays.until(() => stays.client.counts.delivered > 0);
  });

  it.each(BY_WEBHOOK)('but not for another topic (%s)', async (personality, options) => {
    const { followApp, seen, callback } = await openField(personality);
    await followApp(options);
    const url = seen('subscribe')[0]?.fields?.['hub.callback'] ?? '';
    const ask = async (fields: Record<string, string>) =>
      (await fetch(`${url}?${new URLSearchParams({ 'hub.challenge': 'c', ...fields })}`)).status;
    expect(await ask({ 'hub.topic': 'elsewhere' })).toBe(404);
    expect(await ask({ 'hub.topic': 'elsewhere', 'hub.mode': 'subscribe' })).toBe(404);
    expect(callback.counts.unexpected).toBe(2);
  });
});

describe('S18, S24: the challenge is the secret itself', () => {
  it.each(BY_WEBHOOK)('which is echoed, and in no record, error or text (%s)', async (personality, options) => {
    const { followApp, seen, evidence } = await openField(personality);
    const app = await followApp(options);
    const secret = seen('subscribe')[0]?.fields?.['hub.secret'] ?? '';
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(seen('verify')[0]?.fields?.['hub.challenge']).toBe(secret);
    expect(seen('answer')[0]?.body).toBe(secret);
    expect(JSON.stringify([app.records, app.errors, app.warnings, app.states])).not.toContain(secret);
    // Whatever else was said is searched for it when the test ends.
    evidence.keep('the challenge', secret);
  });
});

describe('S18, S24: verify inside the subscribe request', () => {
  it.each(BY_WEBHOOK)('so what is expected is known before the request is sent (%s)', async (personality, options) => {
    const { followApp, hub, callback } = await openField(personality);
    const app = await followApp(options);
    const kinds = hub.log.map(({ kind, about }) => about ?? kind);
    expect(kinds.indexOf('verify')).toBeGreaterThan(kinds.indexOf('subscribe'));
    const reply = hub.log.findIndex(({ kind, about }) => kind === 'reply' && about === 'subscribe');
    expect(reply).toBeGreaterThan(hub.log.findIndex(({ kind }) => kind === 'answer'));
    expect(callback.counts).toEqual({ verified: 1 });
    expect(app.client.state).toBe('active');
  });
});

describe('S18, S24: accept exactly status 200 and exactly the challenge', () => {
  it.each(BY_WEBHOOK)('and get them (%s)', async (personality, options) => {
    const { followApp, seen } = await openField(personality);
    await followApp(options);
    const [verification, answer] = [seen('verify')[0], seen('answer')[0]];
    expect(answer).toMatchObject({ status: 200, body: verification?.fields?.['hub.challenge'] });
  });
});

describe('S18: accepts a 404 as consent once any verification has succeeded', () => {
  it('so notifications that were never agreed to are rejected', async () => {
    const { followApp, opens, session, hub, seen, callback } = await openField('js-sandbox-2018');
    const app = await followApp();
    const events = app.collect('Patient-open');
    // Somebody subscribes one of our URLs, of which the app knows nothing, with what is in the stale variable.
    const fields = seen('subscribe')[0]?.fields;
    const foreign = fields?.['hub.callback']?.replace(/[^/]+$/, 'f'.repeat(48)) ?? '';
    const answer = await postForm(hub.url, '', { ...fields, 'hub.callback': foreign });
    expect(answer.status).toBe(202);
    expect(session.subscriptions).toHaveLength(2);
    const { answers } = await opens();
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(callback.counts).toMatchObject({ delivered: 1 });
    expect(events).toHaveLength(1);
  });

  it('and the app agrees to nothing for which it has not asked', async () => {
    const { followApp, opens, session, hub, seen } = await openField('js-sandbox-2018');
    const app = await followApp();
    const ours = seen('subscribe')[0]?.fields;
    const answer = await postForm(hub.url, '', { ...ours, 'hub.secret': 'of-somebody-else' });
    expect(answer.status).toBe(500);
    expect(seen('answer').at(-1)).toMatchObject({ about: 'verify', status: 404 });
    expect(session.subscriptions).toHaveLength(1);
    await opens();
    expect(app.client.counts).toMatchObject({ delivered: 1, rejected: 0 });
  });
});

describe('N19: the verification of an unsubscription lacks the challenge and can never succeed', () => {
  // Without the profile the hub is asked twice, as one that verifies may be, each time with a bounded wait.
  it.each([
    [{ profile: profiles.netSandbox2019 }, 1],
    [{}, 2],
  ] as const)('so it is not waited for, and what comes later is not taken (%o)', async (options, asked) => {
    const { followApp, opens, seen, hub, session, callback } = await openField('net-sandbox-2019');
    const app = await followApp(options);
    const since = hub.log.length;
    await app.client.unsubscribe();
    expect(app.client.state).toBe('closed');
    expect(seen('unsubscribe')).toHaveLength(asked);
    await hub.waitFor(({ kind }) => kind === 'verify', { since });
    expect(seen('verify').at(-1)?.fields).not.toHaveProperty(['hub.challenge']);
    await hub.waitFor(() => seen('answer').filter(({ about }) => about === 'verify').length === 1 + asked);
    expect(session.subscriptions).toHaveLength(1);
    await opens().catch(() => {});
    expect(seen('answer').at(-1)).toMatchObject({ about: 'notify', status: 410 });
    expect([callback.counts.delivered, app.client.counts.delivered]).toEqual([undefined, 0]);
  });

  it('and neither is what comes while the app is about to leave', async () => {
    const { followApp, opens, hub, seen } = await openField('net-sandbox-2019');
    const app = await followApp();
    const since = hub.log.length;
    const left = app.client.unsubscribe();
    await hub.waitFor(({ kind, about }) => kind === 'answer' && about === 'verify', { since });
    await opens().catch(() => {});
    expect(seen('answer').at(-1)).toMatchObject({ about: 'notify', status: 404 });
    await left;
    expect(app.client.counts.delivered).toBe(0);
  });
});

describe('S18, S24: sign the exact bytes sent, which are a re-serialisation of the publisher’s', () => {
  it.each(BY_WEBHOOK)('so the raw body is verified (%s)', async (personality, options) => {
    const { followApp, hub, session, seen, names } = await openField(personality);
    const app = await followApp(options);
    const events = app.collect('Patient-open');
    const topic = session.subscriptions[0]?.topic ?? '';
    const patient = { resourceType: 'Patient', id: 'é-1', name: [{ family: 'Nuñez 😀 \u2028' }] };
    const context = [{ key: 'patient', resource: patient }];
    const event = { 'hub.event': names.open, context, 'hub.topic': topic };
    const published = `\n ${JSON.stringify({ event, id: 'e-1', timestamp: new Date().toISOString() }, null, 3)}`;
    const { pathname } = new URL(session.url);
    await post(new URL(pathname, hub.url).href, published);
    await app.until(() => events.length > 0);
    expect(seen('notify')[0]?.body).not.toBe(published);
    expect(seen('notify')[0]?.signature).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(events[0]?.context).toMatchObject(context);
  });
});

describe('P19: upper-case hex, no method prefix, key and data swapped', () => {
  it('cannot be verified, and is refused', async () => {
    const { followApp, opens, seen } = await openField('java-2019');
    const app = await followApp({ profile: profiles.javaHub2019 });
    await opens();
    expect(seen('notify')[0]?.signature).toMatch(/^[0-9A-F]+$/);
    expect(seen('answer').filter(({ about }) => about === 'notify')).toMatchObject([{ status: 401 }, { status: 401 }]);
    expect(app.errorCodes).toContain('signature-malformed');
    expect([app.client.counts.delivered, app.client.context.current]).toEqual([0, null]);
  });

  it('unless the app opts out by name', async () => {
    const { followApp, opens } = await openField('java-2019');
    const app = await followApp(P19);
    await opens();
    expect(app.client.counts.delivered).toBe(1);
  });
});

describe('S18: a reset connection from the callback crashes the hub', () => {
  it.each([
    ['rubbish', () => ({ body: '\u0000{' }), 401],
    ['nothing', () => ({ body: '' }), 401],
    ['what is too large', (limit: number) => ({ body: 'x'.repeat(limit + 1) }), 413],
    ['a method that is none of ours', () => ({ method: 'PUT', body: 'x' }), 405],
    ['a method without a body', () => ({ method: 'DELETE' }), 405],
  ] as const)('so an answer is given to %s', async (_, make, status) => {
    const { followApp, seen, callback } = await openField('js-sandbox-2018');
    await followApp();
    const url = seen('subscribe')[0]?.fields?.['hub.callback'] ?? '';
    const init: RequestInit = make(callback.bodyLimit);
    expect((await fetch(url, { method: 'POST', ...init })).status).toBe(status);
  });

  it.each(BY_WEBHOOK)('and to rubbish that the hub has signed (%s)', async (personality, options) => {
    const { followApp, session } = await openField(personality);
    const app = await followApp(options);
    for (const rubbish of ['{', '', '[]', 'null', '{"event":{}}', new Uint8Array([0xff, 0x00])])
      expect(await session.sendRaw(rubbish)).toMatchObject([{ status: 400 }]);
    expect(app.client.counts.delivered).toBe(0);
  });

  it('and to an event whose listener throws, so that the hub lives on', async () => {
    const { followApp, opens, hub } = await openField('js-sandbox-2018');
    const app = await followApp({
      listener: () => {
        throw new Error('no');
      },
    });
    expect((await opens()).answers).toMatchObject([{ status: 500 }]);
    await opens();
    expect(hub.crashed).toBeUndefined();
    expect(app.errorCodes).toContain('listener-failed');
  });
});

describe('S18, S24: ignore the callback’s status, and never retry', () => {
  it.each(BY_WEBHOOK)('so the app can ask what it has missed (%s)', async (personality, options) => {
    const { followApp, opens, seen, session } = await openField(personality, { answerTimeoutMs: 50 });
    const app = await followApp(options);
    session.disturbNext('drop');
    expect((await opens()).answers).toMatchObject([{ status: undefined }]);
    expect(app.arrived).toBe(0);
    expect((await app.client.getCurrentContext())?.patient?.id).toBe(ADA.id);
    expect(seen('notify')).toEqual([]);
  });

  it.each(BY_WEBHOOK)('and what it has refused, too (%s)', async (personality, options) => {
    const { followApp, opens, seen } = await openField(personality);
    let isBroken = true;
    const listener = () => {
      if (isBroken) throw new Error('no');
    };
    const app = await followApp({ ...options, listener });
    expect((await opens()).answers).toMatchObject([{ status: 500 }]);
    expect(seen('notify')).toHaveLength(1);
    isBroken = false;
    expect((await app.client.getCurrentContext())?.patient?.id).toBe(ADA.id);
  });
});

describe('P19: sends each event twice under two ids', () => {
  it('so one of the same topic, event, context and time is a duplicate too', async () => {
    const { followApp, opens, seen } = await openField('java-2019');
    const app = await followApp(P19);
    const events = app.collect('Patient-open');
    await opens();
    const ids = seen('notify').map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(2);
    expect(events).toHaveLength(1);
    expect(app.client.counts).toMatchObject({ delivered: 1, duplicate: 1 });
  });
});

describe('the sandbox hubs with the options that an app has by itself', () => {
  it.each(SANDBOXES)('do not crash from one end of a session to the other (%s)', async (personality) => {
    const { followApp, opens, hub } = await openField(personality);
    const app = await followApp();
    await opens();
    await app.client.getCurrentContext();
    await app.client.unsubscribe();
    expect(hub.crashed).toBeUndefined();
  });
});
