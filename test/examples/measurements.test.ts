import type { SyncStatus } from 'fhircast-client';
import type { ContentStatus } from 'fhircast-client/content';
import { describe, expect, it } from 'vitest';
import { lengthOf, newObservation, withEnds, withLabel } from '../../examples/measurements/shared/length.ts';
import { standingOf } from '../../examples/measurements/shared/standing.ts';

const ENDS = [
  [10, 20],
  [40, 60],
] as const;

describe('how far a window can be believed', () => {
  const circumstances = { since: 0, objections: 'heard' } as const;
  const syncs: readonly SyncStatus[] = [
    { state: 'in-sync', ...circumstances },
    { state: 'behind', reason: 'catching-up', ...circumstances },
    { state: 'refused', by: [{ subscriber: 'Viewer', isSelf: false, diagnostics: undefined }], ...circumstances },
    ...(['not-subscribed', 'connection-lost', 'denied', 'closed'] as const).map(
      (reason): SyncStatus => ({ state: 'disconnected', reason, ...circumstances }),
    ),
  ];
  const statuses: readonly (ContentStatus | undefined)[] = [undefined, 'known', 'fetching', 'unknown', 'unsupported'];
  const all = syncs.flatMap((sync) => statuses.map((status) => ({ sync, status, standing: standingOf(sync, status) })));

  it('is green only where the connection and the content are in order', () => {
    for (const { sync, status, standing } of all) {
      const isInOrder = sync.state === 'in-sync' && (status === undefined || status === 'known');
      expect([standing.level === 'active', standing.doubt === undefined]).toEqual([isInOrder, isInOrder]);
    }
  });

  it('is said in no word of the protocol', () => {
    for (const { standing } of all)
      expect(Object.values(standing).join(' ')).not.toMatch(
        /hub|subscri|context|content|version|anchor|sync|observation/i,
      );
  });

  it('lets nobody change what is not known, and says why', () => {
    const mayChange = all.filter(({ standing }) => standing.why === undefined);
    expect(new Set(mayChange.map(({ sync }) => sync.state))).toEqual(new Set(['in-sync', 'refused']));
    expect(mayChange.some(({ sync, status }) => sync.state === 'in-sync' && status === 'unknown')).toBe(false);
  });
});

describe('a length', () => {
  it('is read as it was made', () => {
    const made = newObservation(ENDS, 'Patient/p1', 'ImagingStudy/s1');
    expect(lengthOf(made)).toMatchObject({ id: made.id, value: '25 mm', label: '', ends: ENDS });
  });

  it('keeps its label when it is moved, its value when it is labelled, and what others have put into it', () => {
    const made = { ...newObservation(ENDS, 'Patient/p1', undefined), issued: '2026-01-01T00:00:00Z' };
    const moved = withEnds(withLabel(made, 'lesion'), [
      [0, 0],
      [0, 100],
    ]);
    expect(lengthOf(moved)).toMatchObject({ value: '50 mm', label: 'lesion' });
    expect(lengthOf(withLabel(moved, ''))).toMatchObject({ value: '50 mm', label: '' });
    expect(moved.issued).toBe(made.issued);
  });

  it.each([
    { component: {}, note: 'text' },
    { component: [null, { code: null }], note: [null] },
    { valueQuantity: { value: { toString: 1 } }, valueString: { toString: 1 }, note: [{ text: { toString: 1 } }] },
    { component: [{ code: { text: 'Ends on the image in pixels' }, valueString: '1 2 3 1e9' }] },
  ])('is read from whatever another application shares: %j', (rubbish) => {
    const read = lengthOf({ resourceType: 'Observation', id: 'o1', ...rubbish } as never);
    expect(read).toMatchObject({ id: 'o1', value: 'no value', label: '', ends: undefined });
  });
});
