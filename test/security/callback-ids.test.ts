import { describe, expect, it } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { BODY, listen, openSubscription, RecordingOwner, sign } from '../callback/support.ts';

const IDS = 2_000;
const BITS = 192;

/** Everything of an answer that an attacker sees, but for the clock. */
const seen = async (response: Response) => {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'));
  return { status: response.status, headers, text: await response.text() };
};

describe('Callback URLs are guessed', () => {
  it('which have 192 random bits: none of them is more often 1 than by chance, and none depends on the one before', async () => {
    const endpoint = createCallbackEndpoint({ baseUrl: 'https://app.example.org/fhircast' });
    const ids: bigint[] = [];
    for (let i = 0; i < IDS; i++) {
      const { url } = await endpoint.open(new RecordingOwner());
      ids.push(BigInt(`0x${url.split('/').at(-1)}`));
    }
    const ones = Array<number>(BITS).fill(0);
    const flips = Array<number>(BITS).fill(0);
    ids.forEach((id, index) => {
      const changed = id ^ (ids[index - 1] ?? 0n);
      for (let bit = 0; bit < BITS; bit++) {
        if ((id >> BigInt(bit)) & 1n) ones[bit] = (ones[bit] ?? 0) + 1;
        if ((changed >> BigInt(bit)) & 1n) flips[bit] = (flips[bit] ?? 0) + 1;
      }
    });
    // Seven standard deviations: chance does it once in billions of runs.
    const most = 7 * Math.sqrt(IDS / 4);
    for (const count of [...ones, ...flips]) expect(Math.abs(count - IDS / 2)).toBeLessThan(most);
  });

  it('and every wrong guess is answered alike and counted, and nothing of it is kept', async () => {
    const { endpoint, id } = await openSubscription();
    const { origin } = await listen(endpoint.node);
    const guesses = [
      `${id.slice(0, -1)}g`,
      id.slice(0, -1),
      `${id}0`,
      id.toUpperCase(),
      '0'.repeat(48),
      '__proto__',
      'constructor',
      '%2e%2e',
      '',
    ];
    const answers = new Set<string>();
    for (const guess of guesses)
      for (const method of ['GET', 'POST'])
        answers.add(JSON.stringify([method, await seen(await fetch(`${origin}/${guess}`, { method }))]));
    expect([...answers].filter((answer) => answer.includes('"GET"'))).toHaveLength(1);
    expect([...answers].filter((answer) => answer.includes('"POST"'))).toHaveLength(1);
    for (const answer of answers) expect(answer).toContain('"status":404');
    expect(endpoint.counts).toEqual({ 'unknown-callback': guesses.length * 2 });
  });
});

describe('Somebody asks whether a callback URL is in use', () => {
  it('and by GET learns nothing: what nobody waits for is answered as what nobody owns', async () => {
    const { endpoint, id } = await openSubscription();
    const { origin } = await listen(endpoint.node);
    const queries = ['', '?hub.mode=subscribe&hub.challenge=c&hub.topic=another', '?hub.mode=denied&hub.topic=another'];
    for (const query of queries) {
      const known = await seen(await fetch(`${origin}/${id}${query}`));
      expect(known).toEqual(await seen(await fetch(`${origin}/${'0'.repeat(48)}${query}`)));
      expect(known.status).toBe(404);
    }
  });

  it('and by POST learns that it is, which is known to whoever has it, and not what is wrong with the signature', async () => {
    const { endpoint, id, secret, registration } = await openSubscription();
    const { origin } = await listen(endpoint.node);
    const post = async (signature: string | undefined) => {
      const headers = signature === undefined ? {} : { 'X-Hub-Signature': signature };
      return seen(await fetch(`${origin}/${id}`, { method: 'POST', body: BODY, headers }));
    };
    const right = sign(secret, BODY);
    const answers = await Promise.all(
      [
        undefined,
        '',
        'x',
        `md5=${'0'.repeat(32)}`,
        sign(secret, BODY, 'sha1'),
        right.slice(0, -1),
        `${right.slice(0, -1)}${right.endsWith('0') ? '1' : '0'}`,
        sign('another', BODY),
      ].map(post),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ status: 401, text: '' });
    await registration.close();
    expect(await post(right)).toMatchObject({ status: 410, text: '' });
  });
});
