import type { DiagnosticReport } from 'fhir/r4';
import type { ContentSnapshot } from 'fhircast-client/content';
import { find } from '../../web-app/shared/dom.ts';
import { showFailures } from '../../web-app/shared/failures.ts';
import { LengthChanges } from '../shared/changes.ts';
import { join, titleOf } from '../shared/join.ts';
import { LengthList } from '../shared/length-list.ts';
import { STATUS_WORDS, statusOf, whyNoChange } from '../shared/report-status.ts';
import type { Standing } from '../shared/standing.ts';
import { allow, say, sayFailure } from '../shared/words.ts';

showFailures();

const BUTTONS = { preliminary: find('#preliminary', HTMLButtonElement), final: find('#final', HTMLButtonElement) };
const { content, follow } = await join('Report window');
const list = new LengthList(new LengthChanges(content));

/** Changes the status of the report for everybody. */
async function mark(status: 'preliminary' | 'final'): Promise<void> {
  await content.update((current) => {
    if (statusOf(current) === status) return undefined;
    const report = (current.get(current.anchor) ?? current.context?.report) as DiagnosticReport | undefined;
    return report && { put: { ...report, status } };
  });
  say('');
}

function show(current: ContentSnapshot | null, standing: Standing): void {
  const status = current ? statusOf(current) : undefined;
  find('#title').textContent = current ? titleOf(current) : 'No report open';
  find('#status').textContent = status ? (STATUS_WORDS[status] ?? status) : '';
  const whyNot = whyNoChange(current, standing);
  find('#why').textContent = whyNot ?? '';
  list.show(current, whyNot);
  const why = standing.why ?? (current ? undefined : 'Open a report in the worklist to begin.');
  allow(BUTTONS.preliminary, why ?? (status === 'preliminary' ? 'The report is preliminary already.' : undefined));
  allow(BUTTONS.final, why ?? (status === 'final' ? 'The report is final already.' : undefined));
}

for (const status of ['preliminary', 'final'] as const)
  BUTTONS[status].onclick = () => void mark(status).catch(sayFailure);
follow(show);
