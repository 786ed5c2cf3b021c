import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { NotificationError, SignatureError } from '../../src/index.ts';
import { openWorld, type World } from './world.ts';
import { WEBHOOK_WORLDS } from './worlds.ts';

/** The header of a message, made with the secret that the app gave to the hub. */
const signed = ({ seen }: World, body: string, method: string): string => {
  const secret = seen('subscribe')[0]?.fields?.['hub.secret'] ?? '';
  return `${method}=${createHmac(method, secret).update(body).digest('hex')}`;
};

describe.each(WEBHOOK_WORLDS)('signatures: $title', (kind) => {
  it.each<[string, string, (world: World, body: string) => string]>([
    ['no signature', 'signature-missing', () => 'missing'],
    ['a signature that is no hexadecimal', 'signature-malformed', () => 'sha256=xyz'],
    ['a signature without a method', 'signature-malformed', (world, body) => signed(world, body, 'sha256').slice(7)],
    ['a signature cut short', 'signature-malformed', (world, body) => signed(world, body, 'sha256').slice(0, -2)],
    ['a method that there is not', 'signature-method', () => `sha0=${'0'.repeat(64)}`],
    ['a method of the language and not of the specification', 'signature-method', () => 'constructor=00'],
    ['sha1, however right', 'signature-method', (world, body) => signed(world, body, 'sha1')],
    ['a wrong signature', 'signature-mismatch', () => `sha256=${'0'.repeat(64)}`],
    ['the signature of another body', 'signature-mismatch', (world, body) => signed(world, `${body} `, 'sha256')],
  ])('a message with %s never reaches the app', async (_, code, makeSignature) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const events = app.collect('*');
    const body = world.message('Patient-open');
    const answers = await world.session.sendRaw(body, { signature: makeSignature(world, body) });
    expect(answers).toEqual([{ subscriber: 'Viewer', status: 401 }]);
    expect(app.errors).toMatchObject([{ code }]);
    expect(app.errors[0]).toBeInstanceOf(SignatureError);
    expect(app.client.counts).toMatchObject({ rejected: 1, delivered: 0 });
    expect(world.callback.counts).toMatchObject({ [code]: 1 });
    expect([events, app.client.context.current, app.client.state]).toEqual([[], null, 'active']);
    // The same event is still news when it comes as it should.
    expect(await world.session.sendRaw(body)).toMatchObject([{ status: 200 }]);
    expect(events).toHaveLength(1);
  });

  it.each(['sha256', 'sha384', 'sha512', 'SHA256'])('a message signed with %s is taken', async (method) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const body = world.message('Patient-open');
    const signature = signed(world, body, method.toLowerCase()).replace(/^sha/, method.slice(0, 3));
    expect(await world.session.sendRaw(body, { signature })).toMatchObject([{ status: 200 }]);
    expect(app.client.counts).toMatchObject({ rejected: 0, delivered: 1 });
  });

  it('a message signed with sha1 is taken where the app allows it', async () => {
    const world = await openWorld(kind, { callback: { allowSha1: true } });
    await world.follow();
    const body = world.message('Patient-open');
    expect(await world.session.sendRaw(body, { signature: signed(world, body, 'sha1') })).toMatchObject([
      { status: 200 },
    ]);
  });

  it('a message over the limit is 413, and one at the limit is not', async () => {
    const bodyLimit = 4096;
    const world = await openWorld(kind, { callback: { bodyLimit } });
    const app = await world.follow();
    const events = app.collect('*');
    const message = world.message('Patient-open');
    const filled = message.padEnd(bodyLimit, ' ');
    expect(await world.session.sendRaw(`${filled} `)).toMatchObject([{ status: 413 }]);
    expect(app.errors).toMatchObject([{ code: 'notification-too-large' }]);
    expect(app.errors[0]).toBeInstanceOf(NotificationError);
    expect(app.client.counts).toMatchObject({ rejected: 1, delivered: 0 });
    expect(events).toEqual([]);
    expect(await world.session.sendRaw(filled)).toMatchObject([{ status: 200 }]);
    expect(events).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['says so', { 'Content-Length': String(2 * 1024 * 1024) }],
    ['does not say so', { 'Transfer-Encoding': 'chunked' }],
  ])('a message over a mebibyte that %s is 413 before it ends', async (_, headers) => {
    const world = await openWorld(kind);
    const app = await world.follow();
    const [{ callback = '' } = {}] = world.session.subscriptions;
    const hub = request(callback, { method: 'POST', headers });
    hub.on('error', () => undefined);
    hub.write(Buffer.alloc(headers['Content-Length'] ? 16 : 1024 * 1024 + 1, ' '));
    const [response] = await once(hub, 'response');
    expect(response.statusCode).toBe(413);
    hub.destroy();
    expect(app.errorCodes).toEqual(['notification-too-large']);
  });

  it('a message that is not UTF-8 is refused', async () => {
    const world = await openWorld(kind);
    const app = await world.follow();
    expect(await world.session.sendRaw(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject([{ status: 400 }]);
    expect(app.errorCodes).toEqual(['notification-malformed']);
  });
});
