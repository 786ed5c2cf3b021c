import { describe, expect, it } from 'vitest';
import { HubApi } from '../../src/hub/api.ts';
import { smartLaunch } from '../../src/launch/smart.ts';
import { chooserOf } from './support.ts';

/** A hub that accepts one token, and notes the tokens that it was shown. */
function hubAccepting(
  accepted: string,
  accessToken: (refused?: string) => string | undefined | Promise<string | undefined>,
) {
  const shown: (string | null)[] = [];
  const api = new HubApi({
    hubUrl: 'https://hub.example.org',
    topic: 'topic',
    chooser: chooserOf(),
    timeoutMs: 5_000,
    record: () => {},
    accessToken,
    fetch: async (_, init) => {
      const token = new Headers(init.headers).get('authorization');
      shown.push(token);
      return token === `Bearer ${accepted}`
        ? new Response('{"context.type":"","context":[]}')
        : new Response('', { status: 401 });
    },
  });
  return { api, shown };
}

describe('an access token that the hub refuses', () => {
  it('is renewed once, and the request is sent again', async () => {
    const { api, shown } = hubAccepting('new', (refused) => (refused === 'old' ? 'new' : 'old'));
    expect(await api.currentContext(undefined)).toBeNull();
    expect(shown).toEqual(['Bearer old', 'Bearer new']);
  });

  it('is renewed once for all requests that wait', async () => {
    let token = 'old';
    let renewals = 0;
    const { api } = hubAccepting('new', async (refused) => {
      if (refused === undefined) return token;
      renewals++;
      await Promise.resolve();
      token = 'new';
      return token;
    });
    expect(await Promise.all([1, 2, 3].map(() => api.currentContext(undefined)))).toEqual([null, null, null]);
    expect(renewals).toBe(1);
  });

  it.each([
    ['there is no other', () => 'old'],
    ['the new one is refused too', (refused?: string) => (refused ? 'other' : 'old')],
  ])('is an error when %s', async (_, accessToken) => {
    const { api, shown } = hubAccepting('new', accessToken);
    await expect(api.currentContext(undefined)).rejects.toMatchObject({ code: 'session-over', status: 401 });
    expect(shown.length).toBeLessThanOrEqual(2);
  });
});

describe('the access token of fhirclient', () => {
  const clientWith = (refresh: () => void) => {
    const client = {
      state: { tokenResponse: { access_token: 'old' } },
      needed: 0,
      refreshIfNeeded: async () => {
        client.needed++;
      },
      refresh: async () => refresh.call(client),
    };
    return client;
  };

  it('is renewed before its end, where fhirclient finds that it is near', async () => {
    const client = clientWith(() => {});
    const { accessToken } = await smartLaunch(client);
    expect(await accessToken()).toBe('old');
    expect(client.needed).toBe(1);
  });

  it('is renewed when the hub refuses it, unless that has been done', async () => {
    let refreshed = 0;
    const client = clientWith(() => {
      refreshed++;
      client.state.tokenResponse = { access_token: 'new' };
    });
    const { accessToken } = await smartLaunch(client);
    expect(await accessToken('old')).toBe('new');
    expect(await accessToken('old')).toBe('new');
    expect(refreshed).toBe(1);
  });

  it('stays what it is when there is no refresh token', async () => {
    const { accessToken } = await smartLaunch(
      clientWith(() => {
        throw new Error('no refresh token');
      }),
    );
    expect(await accessToken('old')).toBe('old');
  });
});

it('says so when the app’s function fails, without its text in the message', async () => {
  const cause = new Error('no network');
  const { api, shown } = hubAccepting('new', () => Promise.reject(cause));
  await expect(api.currentContext(undefined)).rejects.toMatchObject({
    code: 'token-unavailable',
    retryable: true,
    cause,
  });
  expect(shown).toEqual([]);
});
