import { describe, expect, it } from 'vitest';
import { parseCurrentContext } from '../../src/events/context-answer.ts';
import { fetchDiscovery } from '../../src/hub/discovery.ts';
import { hubTextOf } from '../../src/hub/http.ts';
import { hubOfFhirServer } from '../../src/launch/hub-of-fhir-server.ts';
import { launchOfUrl } from '../../src/launch/launch-url.ts';
import { parseLaunch } from '../../src/launch/parse-launch.ts';
import { joinUrl } from '../../src/web/url.ts';
import { growth, LIMIT } from '../growth.ts';

const HUB = 'https://hub.example.org';
const options = (text: string) => ({ fetch: async () => new Response(text), timeoutMs: 10_000 });
const many = (parts: number, part: (i: number) => unknown) => Array.from({ length: parts }, (_, i) => part(i));
const json = (make: (parts: number) => unknown) => (parts: number) => JSON.stringify(make(parts));
const quiet = (work: (text: string) => unknown) => async (text: string) => {
  try {
    await work(text);
  } catch {
    // What is refused has been read too.
  }
};

const discovery = quiet((text) => fetchDiscovery(HUB, options(text), () => {}, undefined));
const capability = quiet((text) => hubOfFhirServer(HUB, options(text)));
const context = quiet((text) => parseCurrentContext(text, () => true));
const launch = quiet((text) => parseLaunch(JSON.parse(text)));
const link = quiet((query) => parseLaunch(launchOfUrl(`https://app.example.org/?${query}`)));

const FHIRCAST = 'http://hl7.org/fhir/uv/fhircast/StructureDefinition/fhircast-configuration-extension';
const statement = (hubs: readonly string[]) => ({
  resourceType: 'CapabilityStatement',
  rest: hubs.map((valueUrl) => ({ extension: [{ url: FHIRCAST, extension: [{ url: 'hub.url', valueUrl }] }] })),
});
const patient = (i: number) => ({ key: 'patient', resource: { resourceType: 'Patient', id: `p${i}` } });

describe('ten times as much costs no more than a few times as much again, in', () => {
  it.each<[string, (parts: number) => string, (text: string) => Promise<void>]>([
    ['a discovery document of events', json((n) => ({ eventsSupported: many(n, (i) => `e${i}`) })), discovery],
    ['a discovery document of brackets', (n) => '['.repeat(20 * n), discovery],
    [
      'a capability statement of other extensions',
      json((n) => statement(many(n, () => `${HUB}/`) as string[])),
      capability,
    ],
    [
      'a capability statement of hubs',
      json((n) => statement(many(n, (i) => `${HUB}/${'/'.repeat(i % 64)}`) as string[])),
      capability,
    ],
    [
      'a capability statement of different hubs',
      json((n) => statement(many(n, (i) => `${HUB}/${i}`) as string[])),
      capability,
    ],
    [
      'a hub of slashes in a capability statement, named often',
      json((n) => statement([`${HUB}${'/'.repeat(n)}`, ...(many(n, (i) => `${HUB}#${i}`) as string[])])),
      capability,
    ],
    ['a capability statement of brackets', (n) => '['.repeat(20 * n), capability],
    [
      'a current context of one object',
      json((n) => ({ 'context.type': 'Patient', context: many(n, patient) })),
      context,
    ],
    ['a current context of an array', json((n) => many(n, patient)), context],
    [
      'a current context of a list',
      json((n) => many(n, (i) => ({ contextType: 'Patient', context: [patient(i)] }))),
      context,
    ],
    ['a current context of brackets', (n) => '['.repeat(20 * n), context],
    ['a text of the hub', (n) => '<script'.repeat(n), async (text) => void hubTextOf(text)],
    ['a text of the hub of brackets', (n) => '['.repeat(20 * n), async (text) => void hubTextOf(text)],
    ['a text of the hub of blanks', (n) => ' '.repeat(100 * n), async (text) => void hubTextOf(text)],
    ['a URL of slashes', (n) => `${HUB}${'/'.repeat(n)}a${'/'.repeat(n)}`, async (url) => void joinUrl(url, 'a')],
    ['a link of slashes', (n) => `hub.url=${HUB}/${'/'.repeat(n)}&hub.topic=a`, link],
    ['a link of nothing but signs', (n) => '&'.repeat(50 * n), link],
    ['a link of topics', (n) => 'hub.topic=a&'.repeat(n), link],
    ['a link of hubs', (n) => many(n, (i) => `hub.url=${HUB}/${'/'.repeat(i % 64)}`).join('&'), link],
    ['a token response of objects', json((n) => many(n, () => ({ hub: {} }))), launch],
    ['a token response of hubs', json((n) => ({ 'hub.url': many(n, (i) => `${HUB}#${i}`), 'hub.topic': 'a' })), launch],
  ])('%s', { timeout: 60_000 }, async (_, make, read) => {
    expect(await growth(make, read)).toBeLessThan(LIMIT);
  });
});

describe('a million brackets', () => {
  it.each<[string, (text: string) => Promise<void>]>([
    ['a discovery document', discovery],
    ['a capability statement', capability],
    ['a current context', context],
    ['a text of the hub', async (text) => void hubTextOf(text)],
  ])('for %s are refused before they are parsed', async (_, read) => {
    const costs: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      await read('['.repeat(1_000_000));
      costs.push(performance.now() - start);
    }
    expect(Math.min(...costs)).toBeLessThan(250);
  });
});
