import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LaunchError } from '../../src/errors/errors.ts';
import { clientFromUrl } from '../../src/launch/index.ts';
import { launchOfUrl, urlLaunch, withoutLaunch } from '../../src/launch/launch-url.ts';

const HUB = 'https://hub.example.org/fhircast';
const TOPIC = 'fdb2f928-5546-4f52-87a0-0648e9ded065';
const IN_URL = `hub.url=${encodeURIComponent(HUB)}&hub.topic=${TOPIC}`;
const PAGE = 'https://app.example.org/viewer';
const LAUNCH = { hubUrl: HUB, topic: TOPIC, accessToken: undefined };
const FOUND = { 'hub.url': [HUB], 'hub.topic': [TOPIC] };

afterEach(() => vi.unstubAllGlobals());

/** Puts a page around the test, and notes what becomes of its address. */
function openPage(href: string, replaceState?: () => void) {
  const addresses: [unknown, string][] = [];
  const history = {
    state: { of: 'the router' },
    replaceState: replaceState ?? ((state: unknown, _: string, url: string) => addresses.push([state, url])),
  };
  vi.stubGlobal('location', { href });
  vi.stubGlobal('history', history);
  return addresses;
}

describe('a URL that is longer than any server takes', () => {
  it.each(['&', '?', '=', 'a=1&', '#'])('by %s is not read, and is taken out of the address', (text) => {
    const long = `${PAGE}?${IN_URL}${text.repeat(70_000)}`;
    const addresses = openPage(long);
    expect(() => urlLaunch(undefined, { hubs: [HUB] })).toThrow(expect.objectContaining({ code: 'launch-too-large' }));
    expect(addresses).toEqual([[{ of: 'the router' }, PAGE]]);
  });

  it('is one of more than 65,536 characters', () => {
    const longest = `${PAGE}?${IN_URL}`.padEnd(65_536, '&');
    expect(launchOfUrl(longest)).toEqual(FOUND);
    expect(() => launchOfUrl(`${longest}&`)).toThrow(LaunchError);
  });
});

describe('a URL', () => {
  it.each<[string, string, Record<string, string[]>]>([
    ['in its query string', `${PAGE}?${IN_URL}`, FOUND],
    ['in its fragment', `${PAGE}#${IN_URL}`, FOUND],
    ['in both', `${PAGE}?hub.url=${HUB}#hub.topic=${TOPIC}`, FOUND],
    ['behind a route', `${PAGE}#/charts/7?${IN_URL}`, FOUND],
    [
      'without encoding, with a query of the hub’s own',
      `${PAGE}#hub.topic=t&hub.url=${HUB}?a=b`,
      {
        'hub.url': [`${HUB}?a=b`],
        'hub.topic': ['t'],
      },
    ],
    ['in any case', `${PAGE}?HUB.URL=${HUB}&Hub.Topic=${TOPIC}`, FOUND],
    ['with encoded names', `${PAGE}?hub%2Eurl=${HUB}&hub%2etopic=${TOPIC}`, FOUND],
    [
      'of the draft',
      `${PAGE}?cast-hub=${HUB}&Cast-Session=${HUB}/7`,
      {
        'cast-hub': [HUB],
        'cast-session': [`${HUB}/7`],
      },
    ],
    ['as a query string alone', `?${IN_URL}`, FOUND],
    ['as a fragment alone', `#${IN_URL}`, FOUND],
    ['beside a token', `${PAGE}?${IN_URL}&access_token=t&scope=s#access_token=t&id_token=t`, FOUND],
    ['after a SMART launch', `${PAGE}?iss=https://ehr.example.org/fhir&launch=xyz&${IN_URL}&code=c&state=s`, FOUND],
    [
      'twice',
      `${PAGE}?${IN_URL}&hub.topic=other#hub.topic=third`,
      { ...FOUND, 'hub.topic': [TOPIC, 'other', 'third'] },
    ],
  ])('has the launch %s', (_, url, expected) => {
    expect(launchOfUrl(url)).toEqual(expected);
  });

  it.each([
    PAGE,
    `${PAGE}?iss=https://ehr.example.org/fhir&launch=xyz`,
    `${PAGE}?iss=https://ehr.example.org/fhir?hub.url=x&launch=xyz`,
    `${PAGE}?back=${encodeURIComponent(`/?${IN_URL}`)}`,
    `${PAGE}?topic=${TOPIC}&url=${HUB}&hub=${HUB}`,
    `${PAGE}#top`,
    `${PAGE}/hub.url=${HUB}`,
    '',
  ])('has no launch: %s', (url) => {
    expect(launchOfUrl(url)).toEqual({});
    expect(withoutLaunch(url)).toBe(url);
  });

  it.each([
    [`${PAGE}?${IN_URL}`, PAGE],
    [`${PAGE}#${IN_URL}`, PAGE],
    [`${PAGE}?a=1&${IN_URL}&b=%20+&&c#here`, `${PAGE}?a=1&b=%20+&&c#here`],
    [`${PAGE}?a=1#/charts/7?${IN_URL}`, `${PAGE}?a=1#/charts/7`],
    [`${PAGE}#/charts/7?tab=2&${IN_URL}`, `${PAGE}#/charts/7?tab=2`],
    [`${PAGE}?HUB%2EURL=${HUB}&CAST-SESSION=${TOPIC}&x`, `${PAGE}?x`],
    [`?${IN_URL}`, ''],
  ])('%s is %s without its launch', (url, expected) => {
    expect(withoutLaunch(url)).toBe(expected);
  });

  it('keeps everything else, whatever it is', () => {
    const text = fc.string().map((value) => value.replace(/[?#&]/g, ''));
    const pairs = fc.array(
      text.filter((value) => value !== ''),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(pairs, pairs, fc.nat(), (query, fragment, at) => {
        const url = `${PAGE}?${query.join('&')}#${fragment.join('&')}`;
        const withLaunch = [...query.slice(0, at % 5), IN_URL, ...query.slice(at % 5)];
        const launched = `${PAGE}?${withLaunch.join('&')}#${fragment.join('&')}`;
        expect(withoutLaunch(launched)).toBe(url);
        expect(launchOfUrl(launched)).toEqual(FOUND);
      }),
    );
  });
});

describe('a launch by URL', () => {
  it('leads to the session, with a token from elsewhere', async () => {
    const asked: unknown[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      asked.push([url, new Headers(init.headers).get('authorization')]);
      return Response.json([]);
    };
    const options = { hubs: [HUB], accessToken: 'token-from-elsewhere', fetch };
    const client = clientFromUrl(`${PAGE}?${IN_URL}&access_token=token-of-the-url`, options);
    await client.getCurrentContext();
    await client.unsubscribe();
    expect(asked).toEqual([[`${HUB}/${TOPIC}`, 'Bearer token-from-elsewhere']]);
  });

  it('is read from the page’s address, and taken out of it', () => {
    const addresses = openPage(`${PAGE}?tab=2&${IN_URL}#here`);
    expect(urlLaunch(undefined, {})).toMatchObject(LAUNCH);
    expect(addresses).toEqual([[{ of: 'the router' }, `${PAGE}?tab=2#here`]]);
  });

  it.each([`${PAGE}#${IN_URL}`, `#${IN_URL}`])('is taken out of the page’s address when %s is passed', (url) => {
    const addresses = openPage(`${PAGE}#${IN_URL}`);
    expect(urlLaunch(url, {})).toMatchObject(LAUNCH);
    expect(addresses).toEqual([[{ of: 'the router' }, PAGE]]);
  });

  it.each<[string, string | undefined, string, object]>([
    ['is told to', undefined, `${PAGE}?${IN_URL}`, { keepUrl: true }],
    ['reads another URL', `${PAGE}?${IN_URL}`, 'https://app.example.org/other?hub.topic=another', {}],
  ])('leaves the page’s address where it %s', (_, url, href, options) => {
    const addresses = openPage(href);
    expect(urlLaunch(url, options)).toMatchObject(LAUNCH);
    expect(addresses).toEqual([]);
  });

  it('is taken out of the page’s address also where it cannot be used', () => {
    const addresses = openPage(`${PAGE}?hub.topic=${TOPIC}`);
    expect(() => urlLaunch(undefined, {})).toThrow(expect.objectContaining({ code: 'launch-hub-missing' }));
    expect(addresses).toEqual([[{ of: 'the router' }, PAGE]]);
  });

  it('goes on in a page whose address cannot be changed', () => {
    openPage(`${PAGE}?${IN_URL}`, () => {
      throw new DOMException('not here', 'SecurityError');
    });
    expect(urlLaunch(undefined, {})).toMatchObject(LAUNCH);
  });

  it.each<[string, string | undefined, object, { code: string; at?: string }]>([
    ['has none', `${PAGE}?iss=https://ehr.example.org&launch=x`, {}, { code: 'launch-not-fhircast' }],
    ['has no hub', `${PAGE}?hub.topic=${TOPIC}`, {}, { code: 'launch-hub-missing', at: 'hub.url' }],
    ['has no session', `${PAGE}?cast-hub=${HUB}`, {}, { code: 'launch-session-missing', at: 'cast-session' }],
    ['has an empty session', `${PAGE}?hub.url=${HUB}&hub.topic=`, {}, { code: 'launch-session-missing' }],
    ['has an unencrypted hub', `${PAGE}?hub.url=http://hub.lan&hub.topic=t`, {}, { code: 'launch-hub-insecure' }],
    ['has no URL for a hub', `${PAGE}?hub.url=hub&hub.topic=t`, {}, { code: 'launch-hub-invalid', at: 'hub.url' }],
    ['has two sessions', `${PAGE}?${IN_URL}&HUB.TOPIC=other`, {}, { code: 'launch-ambiguous', at: 'hub.topic' }],
    [
      'has two sessions in two places',
      `${PAGE}?${IN_URL}#hub.topic=other`,
      {},
      { code: 'launch-ambiguous', at: 'hub.topic' },
    ],
    [
      'has two hubs',
      `${PAGE}?${IN_URL}&cast-hub=https://elsewhere.example.org`,
      {},
      { code: 'launch-ambiguous', at: 'hub.url, cast-hub' },
    ],
    ['is not there, outside of a page', undefined, {}, { code: 'option-invalid', at: 'url' }],
    [
      'could get the token for any hub',
      `${PAGE}?${IN_URL}`,
      { accessToken: 't' },
      { code: 'option-invalid', at: 'hubs' },
    ],
    [
      'has a hub that is not one of ours',
      `${PAGE}?${IN_URL}`,
      { hubs: ['https://ours.example.org'] },
      { code: 'launch-hub-untrusted', at: 'hub.url' },
    ],
    [
      'has a hub of the draft that is not ours',
      `${PAGE}?cast-hub=${HUB}&cast-session=t`,
      { hubs: [] },
      { code: 'launch-hub-untrusted', at: 'cast-hub' },
    ],
    [
      'has another hub at our origin',
      `${PAGE}?${IN_URL}`,
      { hubs: [`${HUB}/ours`, 'hub'] },
      { code: 'launch-hub-untrusted', at: 'hub.url' },
    ],
  ])('is refused where the URL %s, and nothing is quoted', (_, url, options, expected) => {
    let error: unknown;
    try {
      urlLaunch(url, options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject(expected);
    if (expected.code.startsWith('launch-')) expect(error).toBeInstanceOf(LaunchError);
    expect(inspect(error)).not.toMatch(/fdb2f928|hub\.example|elsewhere|hub\.lan/);
  });

  it.each([[HUB], [`${HUB}/`], ['https://hub.example.org'], ['https://HUB.example.org:443/'], ['x', HUB]])(
    'may name a hub of %j',
    (...hubs) => {
      expect(urlLaunch(`${PAGE}?${IN_URL}`, { hubs, accessToken: 't' })).toMatchObject(LAUNCH);
    },
  );

  it('may name an unencrypted hub in a test network', () => {
    const url = `${PAGE}?hub.url=http://hub.lan&hub.topic=t`;
    expect(urlLaunch(url, { allowInsecure: true })).toMatchObject({ topic: 't' });
  });
});
