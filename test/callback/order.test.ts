import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHmac } from '../../src/callback/hmac.ts';
import { type Hmac, webHmac } from '../../src/callback/index.ts';
import { openSubscription, sign, TOPIC } from './support.ts';

describe('signatures that take their time', () => {
  it('let no request overtake another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ turns: fc.nat(20), kind: fc.constantFrom('event', 'forged', 'denial') }), {
          minLength: 2,
        }),
        async (requests) => {
          const turns = requests.filter(({ kind }) => kind !== 'denial').map((request) => request.turns);
          /** Each check takes its own number of turns of the event loop. */
          const slow = (secret: string): Hmac => {
            const { verify } = nodeHmac(process.getBuiltinModule('node:crypto'), secret);
            return {
              async verify(...given) {
                for (let left = turns.shift() ?? 0; left > 0; left--) await Promise.resolve();
                return verify(...given);
              },
            };
          };
          const seen: string[] = [];
          const owner = {
            verify: () => true,
            deny: () => Boolean(seen.push('denial')),
            notify: (body: string) => {
              seen.push(body);
              return 200;
            },
            rejected: () => void seen.push('forged'),
          };
          const { get, post, secret } = await openSubscription({ owner, hmac: slow });
          const answers = requests.map(({ kind }, at) => {
            if (kind === 'denial') return get(`hub.mode=denied&hub.topic=${TOPIC}`);
            return kind === 'event' ? post(`event ${at}`) : post(`event ${at}`, sign(`not ${secret}`, `event ${at}`));
          });
          const statuses = (await Promise.all(answers)).map(({ status }) => status);
          expect(seen).toEqual(requests.map(({ kind }, at) => (kind === 'event' ? `event ${at}` : kind)));
          expect(statuses).toEqual(requests.map(({ kind }) => (kind === 'forged' ? 401 : 200)));
        },
      ),
    );
  });

  it('do not stop what comes behind them when they fail', async () => {
    let isFirst = true;
    const failing = (secret: string): Hmac => {
      const { verify } = webHmac(secret);
      return {
        async verify(...given) {
          if (!isFirst) return verify(...given);
          isFirst = false;
          throw new Error('no crypto');
        },
      };
    };
    const { post, owner } = await openSubscription({ hmac: failing });
    const answers = await Promise.all([post('one'), post('two')]);
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    expect(owner.bodies).toEqual(['two']);
  });

  it('cost what comes at once no promise where nothing is checked', async () => {
    const { get } = await openSubscription({ hmac: webHmac });
    expect(get(`hub.mode=subscribe&hub.topic=${TOPIC}&hub.challenge=c`)).toMatchObject({ status: 200, body: 'c' });
  });
});
