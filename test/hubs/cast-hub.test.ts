import { describe, expect, it } from 'vitest';
import { profiles } from '../../src/index.ts';
import { ADA, BRAM } from '../integration/world.ts';
import { openField } from './support.ts';

describe.each(['websocket', 'webhook'] as const)('a Cast hub by %s', (channel) => {
  it('is not taken for a sandbox: it gets changes and the end of the subscription at its own URL', async () => {
    const field = await openField('cast-hub');
    const posts: string[] = [];
    const record: typeof fetch = (url, init) => {
      if (init?.method === 'POST') posts.push(String(url).replace(/\?.*/, ''));
      return fetch(url, init);
    };
    const base = field.hub.url;
    const app = await field.followApp({ profile: profiles.castHub, channel, fetch: record as never });
    expect(app.client.hub.channel).toBe(channel);
    await field.opens(ADA);
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
    expect(await app.client.requestContextChange('Patient-open', { patient: BRAM })).toMatchObject({ accepted: true });
    // None has been sent to the session's URL, in vain.
    expect(posts.filter((url) => url !== base)).toEqual([]);
    expect(app.client.hub.learnt).not.toHaveProperty('publishTo', 'session');
    expect(app.client.hub.dialect).toBe('stu3');
    await app.client.unsubscribe();
    expect(field.seen('unsubscribe')).toHaveLength(1);
    expect(posts.filter((url) => url !== base)).toEqual([]);
    expect(posts.length).toBeGreaterThanOrEqual(3);
  });
});
