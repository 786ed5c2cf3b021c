import { expect, it } from 'vitest';
import { heldAt, heldBy, length, openContentWorld, report } from './world.ts';

it('shares', async () => {
  const { session, share } = await openContentWorld();
  const viewer = await share('Viewer');
  const reporter = await share('Reporter');
  await session.publish('DiagnosticReport-open', report());
  await viewer.until(() => viewer.content.current?.status === 'known');
  const result = await viewer.content.update({ put: length('o1') });
  expect(result.put).toEqual(['Observation/o1']);
  await reporter.until(() => reporter.content.current?.get('Observation', 'o1'));
  expect(heldBy(viewer)).toBe(heldAt(session));
  const selected = await reporter.content.select(['Observation/o1', 'Observation/nobody']);
  expect(selected.ignored).toEqual(['Observation/nobody']);
  await viewer.until(() => viewer.content.current?.isSelected('Observation/o1'));
  await reporter.content.update((current) => ({ delete: current.resources('Observation') }));
  await viewer.until(() => viewer.content.current?.size === 0);
  expect(viewer.content.current?.selected).toEqual([]);
});
