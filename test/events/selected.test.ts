import { describe, expect, it } from 'vitest';
import { FhircastEvent } from '../../src/events/event.ts';
import { parseJson, parseNotification } from '../../src/events/notification.ts';

const read = (context: unknown, name = 'DiagnosticReport-select', more: object = {}) => {
  const message = {
    timestamp: '2026-01-05T08:00:00Z',
    id: '1',
    event: { 'hub.topic': 't', 'hub.event': name, context, ...more },
  };
  const text = JSON.stringify(message);
  const origin = { source: 'hub', isEcho: false, isCurrent: true } as const;
  return new FhircastEvent(parseNotification(parseJson(text), text), origin, { waitUntil: () => {}, refuse: () => {} });
};

const report = { key: 'report', reference: { reference: 'DiagnosticReport/r' } };
const [one, two] = [{ reference: 'Observation/o1' }, { reference: 'Observation/o2' }];
const [o1, o2] = [
  { resourceType: 'Observation', id: 'o1' },
  { resourceType: 'Observation', id: 'o2' },
];

describe('select, in all forms of the texts, is one form for the app', () => {
  it.each<[string, unknown[]]>([
    [
      'a repeated reference (3.0.0)',
      [
        { key: 'select', reference: one },
        { key: 'select', reference: two },
      ],
    ],
    ['a list of references (2024/25)', [{ key: 'select', reference: [one, two] }]],
    ['resources (2024)', [{ key: 'select', resources: [o1, o2] }]],
    ['a list of resources (IRA)', [{ key: 'select', resource: [o1, o2] }]],
    ['select without a key (2022)', [{ select: [o1, o2] }]],
    [
      'a repeated resource',
      [
        { key: 'select', resource: o1 },
        { key: 'Select', resource: o2 },
      ],
    ],
  ])('%s', (_, entries) => {
    expect(read([report, ...entries]).selected).toEqual([one, two]);
  });

  it.each<[string, unknown[]]>([
    ['absent', []],
    ['bare', [{ key: 'select' }]],
    ['an empty list', [{ key: 'select', reference: [] }]],
    ['empty resources', [{ key: 'select', resources: [] }]],
    ['null', [{ key: 'select', reference: null }]],
  ])('nothing is selected: %s', (_, entries) => {
    expect(read([report, ...entries]).selected).toEqual([]);
  });

  it('of nothing that has no name', () => {
    expect(
      read([report, { key: 'select', resources: [{ resourceType: 'Observation' }, 7, null, 'x', {}] }]).selected,
    ).toEqual([]);
    expect(read([report, { key: 'select', reference: one }], 'DiagnosticReport-update').selected).toEqual([]);
  });
});

describe('an update', () => {
  const bundle = { resourceType: 'Bundle', id: 'b', type: 'transaction', entry: [] };

  it.each(['updates', 'bundle', 'content', 'Updates'])('has its Bundle under %s', (key) => {
    expect(read([report, { key, resource: bundle }], 'DiagnosticReport-update').updates?.id).toBe('b');
  });

  it('alone has one', () => {
    expect(read([report, { key: 'updates', resource: bundle }]).updates).toBeUndefined();
  });

  it.each<[string, object, unknown[]]>([
    ['context.versionId', { 'context.versionId': 'v2' }, []],
    ['versionId', { versionId: 'v2' }, []],
    ['an entry version (2021)', {}, [{ key: 'version', versionId: 'v2' }]],
  ])('has its version as %s', (_, more, entries) => {
    expect(read([report, ...entries], 'DiagnosticReport-update', more).versionId).toBe('v2');
  });
});
