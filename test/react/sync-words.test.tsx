import type { Refusal, SyncStatus } from 'fhircast-client';
import { syncWords } from 'fhircast-client/react';
import { describe, expect, it } from 'vitest';

const AT = { since: Date.now(), objections: 'heard' } as const;
const by = (subscriber?: string, isSelf = false): Refusal => ({
  subscriber,
  isSelf,
  diagnostics: 'HTTP 409 of the hub',
});

/** Every status that there is. */
const TROUBLES: readonly (SyncStatus | Error)[] = [
  new Error('launch-hub-invalid'),
  ...(['catching-up', 'event-refused', 'event-doubted', 'stale-dropped', 'undecided'] as const).map(
    (reason) => ({ ...AT, state: 'behind', reason }) as const,
  ),
  ...(['not-subscribed', 'connection-lost', 'denied', 'closed'] as const).map(
    (reason) => ({ ...AT, state: 'disconnected', reason }) as const,
  ),
  { ...AT, state: 'refused', by: [by('Dictation')] },
  { ...AT, state: 'refused', by: [by('Growth chart', true)] },
];

describe('the words of the banner', () => {
  it('say nothing while all is well', () => expect(syncWords({ ...AT, state: 'in-sync' })).toBeUndefined());

  it.each(TROUBLES)('are sentences without a word of the protocol: %o', (trouble) => {
    const words = syncWords(trouble);
    expect(words).toMatch(/^[A-Z].*[.…]$/);
    expect(words).not.toMatch(/hub|subscri|context|event|websocket|sync|session|launch|409|topic|undefined/i);
  });

  it.each([
    [[by('Dictation')], 'Dictation has not followed. It may show another patient.'],
    [[by()], 'Another application has not followed. It may show another patient.'],
    [[by('  ')], 'Another application has not followed. It may show another patient.'],
    [[by('A'), by('B')], 'A and B have not followed. They may show another patient.'],
    [[by('A'), by('B'), by('C'), by('D')], 'A, B, C and one more have not followed. They may show another patient.'],
    [
      [by('A'), by('B'), by('C'), by(), by('E')],
      'A, B, C and 2 more have not followed. They may show another patient.',
    ],
    [[by('x'.repeat(500))], `X${'x'.repeat(59)} … has not followed. It may show another patient.`],
    [
      [by('Dictation'), by('Growth chart', true)],
      'This application has not followed. It may show another patient than the other applications.',
    ],
  ])('name who does not follow', (refusals, words) => {
    expect(syncWords({ ...AT, state: 'refused', by: refusals })).toBe(words);
  });
});
