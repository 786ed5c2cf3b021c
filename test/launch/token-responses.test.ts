import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FhircastClient, LaunchError } from '../../src/index.ts';
import { parseLaunch } from '../../src/launch/parse-launch.ts';
import { uncovered } from '../../src/launch/scopes.ts';

const HUB = 'https://hub.example.org';
const SESSION = `${HUB}/7jaa86kgdudewiaq0wtu`;
const TOPIC = 'fdb2f928-5546-4f52-87a0-0648e9ded065';

const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a token response', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['of the January 2019 draft', { 'cast-hub': HUB, 'cast-session': SESSION }, { dialect: 'draft', topic: SESSION }],
    ['of the May 2019 ballot', { 'cast-hub': HUB, 'hub.topic': SESSION }, { dialect: 'ballot', topic: SESSION }],
    ['of STU1 and later', { 'hub.url': HUB, 'hub.topic': TOPIC }, { dialect: 'stu3', topic: TOPIC }],
    ['with topic for hub.topic', { 'hub.url': HUB, topic: TOPIC }, { dialect: 'stu3', topic: TOPIC }],
    ['with names in another case', { 'Hub.Url': HUB, 'HUB.TOPIC': TOPIC }, { dialect: 'stu3', topic: TOPIC }],
    ['with nested parameters', { fhircast: { 'hub.url': HUB, 'hub.topic': TOPIC } }, { dialect: 'stu3', topic: TOPIC }],
    ['with an object hub', { hub: { url: HUB, topic: TOPIC } }, { dialect: 'stu3', topic: TOPIC }],
    [
      'with both versions',
      { 'hub.url': HUB, 'hub.topic': TOPIC, 'cast-hub': HUB, 'cast-session': `${HUB}/${TOPIC}` },
      { dialect: 'stu3', topic: TOPIC },
    ],
    ['with another topic beside hub.topic', { 'hub.url': HUB, 'hub.topic': TOPIC, topic: 'other' }, { topic: TOPIC }],
    [
      'with another’s topic below',
      { 'hub.url': HUB, 'hub.topic': TOPIC, details: { topic: 'other' } },
      { topic: TOPIC },
    ],
    [
      'of a hub on this machine',
      { 'hub.url': 'http://127.0.0.1:80/hub', 'hub.topic': TOPIC },
      { hubUrl: 'http://127.0.0.1:80/hub' },
    ],
    [
      'of a hub at localhost',
      { 'hub.url': 'http://localhost/hub', 'hub.topic': TOPIC },
      { hubUrl: 'http://localhost/hub' },
    ],
  ])('%s leads to the session', (_, response, expected) => {
    expect(parseLaunch({ access_token: 'token', scope: 'fhircast', ...response })).toMatchObject({
      hubUrl: HUB,
      accessToken: 'token',
      scope: 'fhircast',
      ...expected,
    });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['with nothing of FHIRcast', { access_token: 'token' }, 'launch-not-fhircast', /hub\.url and hub\.topic/],
    ['that is nothing', undefined, 'launch-not-fhircast', /scopes/],
    ['without a session', { 'hub.url': HUB }, 'launch-session-missing', /hub\.topic.*Ask the EHR for it/],
    [
      'without a session of the draft',
      { 'cast-hub': HUB },
      'launch-session-missing',
      /cast-session.*Ask the EHR for it/,
    ],
    ['with an empty session', { 'hub.url': HUB, 'hub.topic': '' }, 'launch-session-missing', /hub\.topic/],
    [
      'with another’s topic below alone',
      { 'hub.url': HUB, details: { topic: 'other' } },
      'launch-session-missing',
      /hub\.topic/,
    ],
    ['without a hub', { 'hub.topic': TOPIC }, 'launch-hub-missing', /hub\.url.*Ask the EHR for it/],
    ['without a hub of the draft', { 'cast-session': SESSION }, 'launch-hub-missing', /cast-hub.*Ask the EHR for it/],
    ['with a hub that is a number', { 'hub.url': 7, 'hub.topic': TOPIC }, 'launch-hub-missing', /hub\.url/],
    [
      'with a hub that no request can be sent to, because of a password',
      { 'hub.url': HUB.replace('//', '//user:password@'), 'hub.topic': TOPIC },
      'launch-hub-invalid',
      /hub\.url/,
    ],
    [
      'with a session of many characters',
      { 'hub.url': HUB, 'hub.topic': 'a'.repeat(10_000) },
      'launch-session-invalid',
      /hub\.topic/,
    ],
    [
      'with a session that has a password in it',
      { 'cast-hub': HUB, 'cast-session': SESSION.replace('//', '//user:password@') },
      'launch-session-invalid',
      /cast-session/,
    ],
    ['with a hub that is no URL', { 'hub.url': 'hub', 'hub.topic': TOPIC }, 'launch-hub-invalid', /hub\.url/],
    [
      'with a hub of another scheme',
      { 'hub.url': 'javascript:alert(1)', 'hub.topic': TOPIC },
      'launch-hub-invalid',
      /hub\.url/,
    ],
    [
      'with a hub that is not encrypted',
      { 'cast-hub': 'http://hub.example.org', 'cast-session': SESSION },
      'launch-hub-insecure',
      /cast-hub/,
    ],
    [
      'with a hub that pretends to be this machine',
      { 'hub.url': 'http://127.0.0.1.example.org', 'hub.topic': TOPIC },
      'launch-hub-insecure',
      /hub\.url/,
    ],
  ])('%s is an error that says what to ask for', (_, response, code, message) => {
    expect(() => parseLaunch(response)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(() => parseLaunch(response)).toThrow(LaunchError);
  });

  it('may name an unencrypted hub in a test network', () => {
    expect(parseLaunch({ 'hub.url': 'http://hub.lan', 'hub.topic': TOPIC }, true)).toMatchObject({
      hubUrl: 'http://hub.lan',
    });
  });
});

describe('a token response in its own way', () => {
  const BOTH = { 'hub.url': HUB, 'hub.topic': TOPIC };
  const GRANTED = { accessToken: 'token', scope: 'fhircast', expiresInSeconds: 3600 };

  it.each<[string, unknown, Record<string, unknown>]>([
    ['in the wrong case', { 'HUB.URL': HUB, 'Hub.Topic': TOPIC }, { dialect: 'stu3', topic: TOPIC }],
    ['in the wrong case, of the draft', { 'Cast-Hub': HUB, 'CAST-SESSION': SESSION }, { dialect: 'draft' }],
    ['twice, in two cases', { ...BOTH, 'HUB.URL': HUB, 'HUB.TOPIC': TOPIC }, { topic: TOPIC }],
    ['at the top and below', { ...BOTH, fhircast: BOTH }, { topic: TOPIC }],
    ['below, of the draft', { context: { 'cast-hub': HUB, 'cast-session': SESSION } }, { dialect: 'draft' }],
    ['two levels below', { extensions: { fhircast: BOTH } }, { topic: TOPIC }],
    ['in an object of FHIRcast’s', { FHIRcast: { url: HUB, topic: TOPIC } }, { dialect: 'stu3', topic: TOPIC }],
    ['as an object hub below', { fhircast: { hub: { url: HUB, topic: TOPIC } } }, { topic: TOPIC }],
    ['as JSON strings', { 'hub.url': JSON.stringify(HUB), 'hub.topic': JSON.stringify(TOPIC) }, { topic: TOPIC }],
    ['as JSON in a string', { fhircast: JSON.stringify(BOTH) }, { topic: TOPIC }],
    ['as a whole in a string', JSON.stringify(BOTH), { topic: TOPIC }],
    ['as arrays of one', { 'hub.url': [HUB], 'hub.topic': [TOPIC] }, { topic: TOPIC }],
    ['as arrays of the same', { 'hub.url': [HUB, `${HUB}/`], 'hub.topic': [TOPIC, TOPIC] }, { topic: TOPIC }],
    ['as an array of one in a string', { ...BOTH, 'hub.topic': JSON.stringify([TOPIC]) }, { topic: TOPIC }],
    ['in an array of objects', { fhirContext: [{ reference: 'Patient/1' }, BOTH] }, { topic: TOPIC }],
    ['with a topic in braces', { ...BOTH, 'hub.topic': `{${TOPIC}}` }, { topic: `{${TOPIC}}` }],
    ['with empty ones beside', { ...BOTH, 'cast-hub': '', 'cast-session': null, hub: {} }, { topic: TOPIC }],
    ['with another’s url below', { ...BOTH, details: { url: 'https://elsewhere.example.org' } }, { topic: TOPIC }],
    ['with another’s url at the top', { ...BOTH, url: 'https://elsewhere.example.org' }, { topic: TOPIC }],
    ['with two hubs that are one', { ...BOTH, 'cast-hub': `${HUB}/` }, { dialect: 'stu3', hubUrl: HUB }],
    [
      'with a hub that speaks two versions under two paths',
      { 'hub.url': `${HUB}/v3`, 'hub.topic': 'a b', 'cast-hub': `${HUB}/v0`, 'cast-session': `${HUB}/v0/a%20b/` },
      { dialect: 'stu3', hubUrl: `${HUB}/v3`, topic: 'a b' },
    ],
    [
      'with one session in the words of the ballot and the draft',
      { 'cast-hub': HUB, 'hub.topic': SESSION, 'cast-session': `${SESSION}/` },
      { dialect: 'ballot', topic: SESSION },
    ],
    ['with topic and cast-hub', { 'cast-hub': HUB, topic: SESSION }, { dialect: 'draft', topic: SESSION }],
    ['with cast-session and another topic', { 'cast-hub': HUB, 'cast-session': SESSION, topic: 'other' }, {}],
    ['with a session’s URL for a later hub', { 'hub.url': HUB, 'cast-session': SESSION }, { dialect: 'stu3' }],
  ])('that writes the parameters %s leads to the session', (_, response, expected) => {
    expect(parseLaunch(response)).toMatchObject({ hubUrl: expect.stringContaining(HUB), ...expected });
  });

  it.each<[string, unknown, string]>([
    ['two sessions', { ...BOTH, 'cast-session': SESSION }, 'hub.topic, cast-session'],
    ['two sessions of one array', { ...BOTH, 'hub.topic': [TOPIC, 'other'] }, 'hub.topic'],
    ['two sessions of one array in a string', { ...BOTH, 'hub.topic': `["${TOPIC}","other"]` }, 'hub.topic'],
    ['two sessions in two cases', { ...BOTH, 'HUB.TOPIC': TOPIC.toUpperCase() }, 'hub.topic'],
    ['two sessions at two places', { ...BOTH, previous: { 'hub.topic': 'other' } }, 'hub.topic'],
    ['two sessions in an object hub', { ...BOTH, hub: { topic: 'other' } }, 'hub.topic'],
    ['two sessions of objects', { 'hub.url': HUB, all: [{ 'hub.topic': 'a' }, { 'hub.topic': 'b' }] }, 'hub.topic'],
    ['two sessions of the draft', { 'cast-hub': HUB, 'cast-session': [SESSION, `${SESSION}2`] }, 'cast-session'],
    ['two topics', { 'hub.url': HUB, topic: TOPIC, Topic: 'other' }, 'topic'],
    ['a session that only ends alike', { ...BOTH, 'cast-session': `${HUB}/x${TOPIC}` }, 'hub.topic, cast-session'],
    [
      'a session of that name elsewhere',
      { ...BOTH, 'cast-session': `https://elsewhere.example.org/${TOPIC}` },
      'hub.topic, cast-session',
    ],
    [
      'two URLs that end alike',
      { 'cast-hub': HUB, 'hub.topic': `${HUB}/a/${TOPIC}`, 'cast-session': `${HUB}/b/${TOPIC}` },
      'hub.topic, cast-session',
    ],
    ['two hubs', { ...BOTH, 'HUB.URL': `${HUB}/other` }, 'hub.url'],
    ['two hubs of two versions', { ...BOTH, 'cast-hub': 'https://elsewhere.example.org' }, 'hub.url, cast-hub'],
    ['two hubs, one of them unencrypted', { ...BOTH, 'cast-hub': HUB.replace('s:', ':') }, 'hub.url, cast-hub'],
    ['a hub and something else', { ...BOTH, 'cast-hub': 'none' }, 'hub.url, cast-hub'],
  ])('that names %s is refused, with the names of the parameters and without their values', (_, response, at) => {
    const error = thrownBy(() => parseLaunch(response));
    expect(error).toBeInstanceOf(LaunchError);
    expect(error).toMatchObject({
      code: 'launch-ambiguous',
      at,
      cause: { message: expect.stringMatching(at.split(', ').join('.*')) },
    });
    expect(inspect(error)).not.toMatch(/fdb2f928|FDB2F928|other|example\.org/);
  });

  it('means the same however it is nested, in whichever case and order', () => {
    const cases = fc.constantFrom<(name: string) => string>(
      (name) => name,
      (name) => name.toUpperCase(),
      (name) => name.replace(/\b\w/g, (letter) => letter.toUpperCase()),
    );
    const wrap = fc.constantFrom<(value: unknown) => unknown>(
      (value) => value,
      (value) => [value],
      (value) => ({ fhircast: value }),
      (value) => ({ fhircast: JSON.stringify(value) }),
      (value) => ({ context: [value, { reference: 'Patient/1' }] }),
    );
    const names = fc.constantFrom('hub', 'session');
    fc.assert(
      fc.property(cases, wrap, wrap, names, (spell, outer, inner, first) => {
        const hub = [spell('hub.url'), HUB];
        const session = [spell('hub.topic'), TOPIC];
        const parameters = Object.fromEntries(first === 'hub' ? [hub, session] : [session, hub]);
        const grant = { [spell('access_token')]: 'token', [spell('scope')]: 'fhircast', [spell('expires_in')]: 3600 };
        const expected = { hubUrl: HUB, topic: TOPIC, dialect: 'stu3', ...GRANTED };
        // The token beside them, above them, and somewhere else: nowhere is one found without the other.
        expect(parseLaunch(outer(inner({ ...grant, ...parameters })))).toMatchObject(expected);
        expect(parseLaunch(outer({ ...grant, below: inner(parameters) }))).toMatchObject(expected);
        expect(parseLaunch(outer({ token: grant, below: inner(parameters) }))).toMatchObject(expected);
        expect(parseLaunch(JSON.stringify(JSON.stringify(outer({ ...grant, ...parameters }))))).toMatchObject(expected);
      }),
    );
  });

  it.each<[string, unknown, Record<string, unknown>]>([
    ['as numbers in a text', { ...BOTH, access_token: 'token', expires_in: '3600' }, { expiresInSeconds: 3600 }],
    ['without a lifetime', { ...BOTH, access_token: 'token' }, { expiresInSeconds: undefined }],
    ['with a lifetime that is none', { ...BOTH, expires_in: 'soon' }, { expiresInSeconds: undefined }],
    ['with a negative lifetime', { ...BOTH, expires_in: -1 }, { expiresInSeconds: undefined }],
    ['twice, and the same', { ...BOTH, access_token: 'a', data: { ...BOTH, access_token: 'a' } }, { accessToken: 'a' }],
    [
      'beside that of something else',
      { ...BOTH, access_token: 'a', portal: { access_token: 'b' } },
      { accessToken: 'a' },
    ],
    ['not at all', BOTH, { accessToken: undefined, scope: undefined, expiresInSeconds: undefined }],
  ])('that writes what is said of the token %s is read', (_, response, expected) => {
    expect(parseLaunch(response)).toMatchObject({ hubUrl: HUB, topic: TOPIC, ...expected });
  });

  it.each<[string, unknown]>([
    ['around the hub', { access_token: 'one-token', data: { ...BOTH, access_token: 'other-token' } }],
    [
      'beside the hub and the session',
      [
        { 'hub.url': HUB, access_token: 'one-token' },
        { 'hub.topic': TOPIC, access_token: 'other-token' },
      ],
    ],
    ['both elsewhere', { hub: BOTH, a: { access_token: 'one-token' }, b: { access_token: 'other-token' } }],
  ])('that has two tokens, %s, is refused', (_, response) => {
    const error = thrownBy(() => parseLaunch(response));
    expect(error).toMatchObject({ code: 'launch-ambiguous', at: 'access_token' });
    expect(inspect(error)).not.toMatch(/one-token|other-token/);
  });

  it.each<[string, unknown]>([
    ['many objects', { all: Array.from({ length: 30_000 }, () => ({ a: 1 })) }],
    ['many parameters', Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`p${i}`, 1]))],
    ['many values of a session', { 'hub.topic': Array.from({ length: 30_000 }, () => 'a') }],
    ['a long text', JSON.stringify({ ...BOTH, padding: 'a'.repeat(300_000) })],
  ])('that has %s is not read', (_, response) => {
    const whole = typeof response === 'string' ? response : { ...BOTH, ...(response as object) };
    expect(thrownBy(() => parseLaunch(whole))).toMatchObject({ name: 'LaunchError', code: 'launch-too-large' });
  });

  it('that is deeper than any server nests is not followed down', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(parseLaunch({ ...BOTH, deep, deeper: JSON.stringify({ deep }) })).toMatchObject({ topic: TOPIC });
  });

  it('never gives anything but its values, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (response) => {
        const launch = { ...BOTH, response };
        const names = JSON.stringify(response).match(/hub|cast|topic|fhircast/i);
        if (!names) expect(parseLaunch(launch)).toMatchObject({ hubUrl: HUB, topic: TOPIC });
      }),
    );
  });
});

describe('scopes', () => {
  it.each([
    [['Patient-open'], undefined, 'fhircast/Patient-open.read'],
    [['open-patient-chart', 'PATIENT-OPEN'], 'read', 'fhircast/Patient-open.read'],
    [['Patient-open', 'SyncError'], 'write', 'fhircast/Patient-open.write fhircast/SyncError.write'],
    [['*'], '*', 'fhircast/*.*'],
  ] as const)('to ask for, for %s', (names, access, expected) => {
    expect(FhircastClient.scopes(names, access)).toBe(expected);
  });

  it.each([
    ['fhircast/Patient-open.read', ['Encounter-open']],
    ['fhircast/*.read openid', []],
    ['fhircast/*.*', []],
    ['fhircast', []],
    ['openid launch', ['Patient-open', 'Encounter-open']],
    ['fhircast/Patient-open.read', ['Encounter-open']],
    ['fhircast/*.write', ['Patient-open', 'Encounter-open']],
    ['fhircast/open-patient-chart.read FHIRCAST/encounter-open.*', []],
    ['', ['Patient-open', 'Encounter-open']],
  ])('that were granted as %j do not cover %j', (scope, missing) => {
    expect(uncovered(scope, ['Patient-open', 'Encounter-open'], 'read')).toEqual(missing);
  });
});
