import { describe, expect, it } from 'vitest';
import { openSubscription, TOPIC } from './support.ts';

const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const SUBSCRIBE = { 'hub.mode': 'subscribe', 'hub.topic': TOPIC, 'hub.challenge': 'c-1' };
const DENIED = { 'hub.mode': 'denied', 'hub.topic': TOPIC, 'hub.reason': 'session ended' };

describe('a verification', () => {
  it('is answered by exactly the challenge, as text of no use to a browser', async () => {
    const { get, owner, endpoint } = await openSubscription();
    expect(await get(query(SUBSCRIBE))).toEqual({
      status: 200,
      body: 'c-1',
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
    });
    expect(owner.verifications).toEqual([
      { mode: 'subscribe', topic: TOPIC, events: undefined, leaseSeconds: undefined },
    ]);
    expect(endpoint.counts).toEqual({ verified: 1 });
  });

  it('tells the owner mode, topic, events and lease', async () => {
    const { get, owner } = await openSubscription();
    await get(
      query({
        ...SUBSCRIBE,
        'hub.mode': 'unsubscribe',
        'hub.events': 'Patient-open, Patient-close,,Patient-open',
        'hub.lease_seconds': '7200',
      }),
    );
    const [verification] = owner.verifications;
    expect(verification).toMatchObject({ mode: 'unsubscribe', topic: TOPIC, leaseSeconds: 7200 });
    expect(new Set(verification?.events)).toEqual(new Set(['Patient-open', 'Patient-close']));
  });

  it.each(['', '0', '-5', 'soon', 'NaN', 'Infinity'])('ignores the lease "%s"', async (lease) => {
    const { get, owner } = await openSubscription();
    expect(await get(query({ ...SUBSCRIBE, 'hub.lease_seconds': lease }))).toMatchObject({ status: 200 });
    expect(owner.verifications).toMatchObject([{ leaseSeconds: undefined }]);
  });

  it('needs no mode: the sandbox hub of December 2018 sends only challenge and topic', async () => {
    const { get, owner } = await openSubscription();
    expect(await get(query({ 'hub.challenge': 'c-2', 'hub.topic': TOPIC }))).toMatchObject({
      status: 200,
      body: 'c-2',
    });
    expect(owner.verifications).toMatchObject([{ mode: undefined, topic: TOPIC }]);
  });

  it('echoes the secret when that is the challenge, as the sandbox hubs want it', async () => {
    const { get, secret } = await openSubscription();
    expect(await get(query({ 'hub.challenge': secret, 'hub.topic': TOPIC }))).toMatchObject({ body: secret });
  });

  it.each(['a', ' a b ', 'ab+/==', '{"a":1}', "it's & more; 100%", '\u00fc\u4e16\u{1f600}', 'x'.repeat(2048)])(
    'echoes %j to the letter',
    async (challenge) => {
      const { get } = await openSubscription();
      expect(await get(query({ ...SUBSCRIBE, 'hub.challenge': challenge }))).toMatchObject({
        status: 200,
        body: challenge,
      });
    },
  );

  it.each([
    ['no challenge', query({ 'hub.mode': 'subscribe', 'hub.topic': TOPIC })],
    ['an empty challenge', query({ ...SUBSCRIBE, 'hub.challenge': '' })],
    ['markup', query({ ...SUBSCRIBE, 'hub.challenge': '<script>alert(1)</script>' })],
    ['an opening bracket', query({ ...SUBSCRIBE, 'hub.challenge': 'a<b' })],
    ['a closing bracket', query({ ...SUBSCRIBE, 'hub.challenge': 'a>b' })],
    ['a line feed', query({ ...SUBSCRIBE, 'hub.challenge': 'a\nb' })],
    ['a carriage return', query({ ...SUBSCRIBE, 'hub.challenge': 'a\r\nSet-Cookie: x' })],
    ['a zero byte', query({ ...SUBSCRIBE, 'hub.challenge': 'a\0' })],
    ['an escape', query({ ...SUBSCRIBE, 'hub.challenge': '\u001b[2J' })],
    ['a C1 control', query({ ...SUBSCRIBE, 'hub.challenge': 'a\u0085' })],
    ['a very long challenge', query({ ...SUBSCRIBE, 'hub.challenge': 'x'.repeat(2049) })],
    ['an unknown mode', query({ ...SUBSCRIBE, 'hub.mode': 'publish' })],
    ['two challenges', `${query(SUBSCRIBE)}&hub.challenge=c-2`],
    ['two topics', `${query(SUBSCRIBE)}&hub.topic=another`],
    ['two modes', `${query(SUBSCRIBE)}&hub.mode=unsubscribe`],
    ['any field twice', `${query(SUBSCRIBE)}&a=1&a=2`],
    ['no query', ''],
    ['rubbish', '%&=&&%ff'],
  ])('with %s is 404, and the owner is not asked', async (_what, malformed) => {
    const { get, owner, endpoint } = await openSubscription();
    expect(await get(malformed)).toEqual({ status: 404, body: '' });
    expect(owner).toMatchObject({ verifications: [], denials: [], errors: [] });
    expect(endpoint.counts).toEqual({ unexpected: 1 });
  });

  it('that says a thing twice, and the same, is answered', async () => {
    const { get, owner } = await openSubscription();
    const all = query(SUBSCRIBE);
    expect(await get(`${all}&${all}`)).toMatchObject({ status: 200, body: 'c-1' });
    expect(await get(`${all}&hub.topic=${TOPIC}`)).toMatchObject({ status: 200 });
    expect(owner.refusals).toEqual([]);
  });

  it.each([
    ['hub.topic', '&hub.topic=another'],
    ['hub.challenge', '&hub.challenge=c-2'],
    ['hub.mode', '&hub.mode=unsubscribe'],
    ['a field', '&secret=1&secret=2'],
    ['the length of the query', `&a=${'x'.repeat(70_000)}`],
  ])('that is refused because of %s tells the owner so', async (field, more) => {
    const { get, owner } = await openSubscription();
    expect(await get(query(SUBSCRIBE) + more)).toMatchObject({ status: 404 });
    expect(owner.refusals).toEqual([field]);
  });

  it('that the owner does not wait for is 404', async () => {
    const { get, owner, endpoint } = await openSubscription();
    expect(await get(query({ ...SUBSCRIBE, 'hub.topic': 'another' }))).toEqual({ status: 404, body: '' });
    expect(owner.verifications).toHaveLength(1);
    expect(endpoint.counts).toEqual({ unexpected: 1 });
  });
});

describe('a denial', () => {
  it('is answered 200, with its reason for the owner', async () => {
    const { get, owner, endpoint } = await openSubscription();
    expect(await get(query({ ...DENIED, 'hub.events': 'Patient-open' }))).toEqual({ status: 200, body: '' });
    expect(owner.denials).toEqual([{ topic: TOPIC, events: ['Patient-open'], reason: 'session ended' }]);
    expect(owner.verifications).toEqual([]);
    expect(endpoint.counts).toEqual({ denied: 1 });
  });

  it('needs no reason', async () => {
    const { get, owner } = await openSubscription();
    expect(await get(query({ 'hub.mode': 'denied', 'hub.topic': TOPIC }))).toMatchObject({ status: 200 });
    expect(owner.denials).toMatchObject([{ reason: undefined }]);
  });

  it('that is not ours is 404', async () => {
    const { get, endpoint } = await openSubscription();
    expect(await get(query({ ...DENIED, 'hub.topic': 'another' }))).toEqual({ status: 404, body: '' });
    expect(endpoint.counts).toEqual({ unexpected: 1 });
  });

  it('with a field twice reaches nobody', async () => {
    const { get, owner } = await openSubscription();
    expect(await get(`${query(DENIED)}&hub.topic=another`)).toMatchObject({ status: 404 });
    expect(owner.denials).toEqual([]);
  });

  it('never echoes a challenge', async () => {
    const { get } = await openSubscription();
    expect(await get(query({ ...DENIED, 'hub.challenge': 'c-3' }))).toEqual({ status: 200, body: '' });
  });
});

describe('a hub that appends its parameters without an ampersand (the .NET sandbox hub of 2019)', () => {
  const BASE = { baseUrl: 'https://app.example.org/f?code=1&a=b%20c' };
  const OWN = 'code=1&a=b%20c';

  it.each(['', '&'])('verifies behind the query of baseUrl and "%s"', async (separator) => {
    const { get, owner, registration } = await openSubscription(BASE);
    expect(new URL(registration.url).search).toBe(`?${OWN}`);
    const answer = await get(`${OWN}${separator}${query({ ...SUBSCRIBE, 'hub.mode': 'unsubscribe' })}`);
    expect(answer).toMatchObject({ status: 200, body: 'c-1' });
    expect(owner.verifications).toMatchObject([{ mode: 'unsubscribe', topic: TOPIC }]);
  });

  it('is heard when it puts the challenge first', async () => {
    const { get } = await openSubscription(BASE);
    expect(await get(`${OWN}hub.challenge=c-2&hub.topic=${TOPIC}`)).toMatchObject({ status: 200, body: 'c-2' });
  });

  it('denies, and is not taken for a consent when it sends a challenge, too', async () => {
    const { get, owner } = await openSubscription(BASE);
    for (const fields of [DENIED, { ...DENIED, 'hub.challenge': 'c-3' }]) {
      expect(await get(OWN + query(fields))).toEqual({ status: 200, body: '' });
    }
    expect(owner.denials).toMatchObject([{ reason: 'session ended' }, { reason: 'session ended' }]);
    expect(owner.verifications).toEqual([]);
  });

  it('may not say a thing twice, either', async () => {
    const { get, owner } = await openSubscription(BASE);
    expect(await get(`${OWN}${query(SUBSCRIBE)}&hub.mode=denied`)).toEqual({ status: 404, body: '' });
    expect(owner).toMatchObject({ verifications: [], denials: [] });
  });

  it('is also heard behind a proxy that drops our query', async () => {
    const { get } = await openSubscription(BASE);
    expect(await get(query(SUBSCRIBE))).toMatchObject({ status: 200, body: 'c-1' });
  });
});
