import { describe, expect, it } from 'vitest';
import { FhircastClient, LaunchError } from '../../src/index.ts';
import { parseLaunch } from '../../src/launch/launch.ts';
import { uncovered } from '../../src/launch/scopes.ts';

const HUB = 'https://hub.example.org';
const SESSION = `${HUB}/7jaa86kgdudewiaq0wtu`;
const TOPIC = 'fdb2f928-5546-4f52-87a0-0648e9ded065';

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
      { 'hub.url': HUB, 'hub.topic': TOPIC, 'cast-hub': HUB, 'cast-session': SESSION },
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
    ['without a session', { 'hub.url': HUB }, 'launch-session-missing', /Ask the EHR for hub\.topic/],
    ['without a session of the draft', { 'cast-hub': HUB }, 'launch-session-missing', /Ask the EHR for cast-session/],
    ['with an empty session', { 'hub.url': HUB, 'hub.topic': '' }, 'launch-session-missing', /hub\.topic/],
    [
      'with another’s topic below alone',
      { 'hub.url': HUB, details: { topic: 'other' } },
      'launch-session-missing',
      /hub\.topic/,
    ],
    ['without a hub', { 'hub.topic': TOPIC }, 'launch-hub-missing', /Ask the EHR for hub\.url/],
    ['without a hub of the draft', { 'cast-session': SESSION }, 'launch-hub-missing', /Ask the EHR for cast-hub/],
    ['with a hub that is a number', { 'hub.url': 7, 'hub.topic': TOPIC }, 'launch-hub-missing', /hub\.url/],
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

describe('scopes', () => {
  it.each([
    [['Patient-open'], undefined, 'fhircast fhircast/Patient-open.read'],
    [['open-patient-chart', 'PATIENT-OPEN'], 'read', 'fhircast fhircast/Patient-open.read'],
    [['Patient-open', 'SyncError'], 'write', 'fhircast fhircast/Patient-open.write fhircast/SyncError.write'],
    [['*'], '*', 'fhircast fhircast/*.*'],
  ] as const)('to ask for, for %s', (names, access, expected) => {
    expect(FhircastClient.scopes(names, access)).toBe(expected);
  });

  it.each([
    ['fhircast/Patient-open.read', ['Encounter-open']],
    ['fhircast/*.read openid', []],
    ['fhircast/*.*', []],
    ['fhircast', []],
    ['openid launch', ['Patient-open', 'Encounter-open']],
    ['fhircast fhircast/Patient-open.read', ['Encounter-open']],
    ['fhircast/*.write', ['Patient-open', 'Encounter-open']],
    ['fhircast/open-patient-chart.read FHIRCAST/encounter-open.*', []],
    ['', ['Patient-open', 'Encounter-open']],
  ])('that were granted as %j do not cover %j', (scope, missing) => {
    expect(uncovered(scope, ['Patient-open', 'Encounter-open'], 'read')).toEqual(missing);
  });
});
