import type { DiagnosticReport } from 'fhir/r4';
import type { FhircastEvent } from 'fhircast-client';
import type { ContentSnapshot } from 'fhircast-client/content';
import { reportClose, reportOpen, reportStatusOf } from 'fhircast-client/radiology';
import { find, make } from '../../web-app/shared/dom.ts';
import { showFailures } from '../../web-app/shared/failures.ts';
import { summarize } from '../../web-app/shared/patient.ts';
import { join } from '../shared/join.ts';
import { STATUS_WORDS, statusOf } from '../shared/report-status.ts';
import type { Standing } from '../shared/standing.ts';
import { allow, say, sayFailure } from '../shared/words.ts';
import { type Exam, examOf } from './exams.ts';
import { Statuses } from './statuses.ts';

showFailures();

const { client, content, patients, follow } = await join('Worklist');
const exams = patients.map(examOf);
const statuses = new Statuses();
const rows = exams.map(rowOf);
find('#exams').replaceChildren(...rows.map(({ element }) => element));

// Whoever changes the status of a report tells it by an update or when it is closed.
client.on('DiagnosticReport-update', remember);
client.on('DiagnosticReport-close', remember);

function remember(event: FhircastEvent): void {
  const id = event.report?.id ?? event.anchorReference?.reference?.split('/').pop();
  const status = reportStatusOf(event);
  if (id && status) statuses.set(id, status);
}

/** The exam with the report as it stands: whoever opens a report tells its status. */
const asItStands = ({ patient, study, report }: Exam) => ({
  patient,
  studies: [study],
  report: { ...report, status: statuses.get(report.id) as DiagnosticReport['status'] },
  profile: 'stu3' as const,
});

async function open(exam: Exam): Promise<void> {
  const change = await client.requestContextChange(...reportOpen(asItStands(exam)));
  say(change.accepted ? '' : 'The report was not opened. Try again.');
}

async function close(exam: Exam): Promise<void> {
  const change = await client.requestContextChange(...reportClose(asItStands(exam)));
  say(change.accepted ? '' : 'The report was not closed. Try again.');
}

function rowOf(exam: Exam) {
  const name = summarize(exam.patient).name;
  const status = make('span', { className: 'status' });
  const about = make('span', { className: 'about' });
  const button = (textContent: string, act: (exam: Exam) => Promise<void>) =>
    make('button', {
      type: 'button',
      className: 'quiet',
      textContent,
      ariaLabel: `${textContent} the report of ${name}`,
      onclick: () => void act(exam).catch(sayFailure),
    });
  const buttons = { open: button('Open', open), close: button('Close', close) };
  const element = make(
    'li',
    {},
    make(
      'div',
      {},
      make('span', { className: 'name', textContent: name }),
      make('span', { className: 'about', textContent: exam.title }),
    ),
    make('div', {}, status, about),
    make('div', { className: 'buttons' }, buttons.open, buttons.close),
  );
  element.dataset['report'] = exam.report.id ?? '';
  return { exam, element, status, about, buttons };
}

function show(current: ContentSnapshot | null, { why, doubt }: Standing): void {
  find('#why').textContent = why ?? '';
  for (const { exam, element, status, about, buttons } of rows) {
    const shared = content.of(exam.report);
    if (shared) statuses.set(exam.report.id, statusOf(shared));
    const known = statuses.get(exam.report.id);
    status.textContent = STATUS_WORDS[known] ?? known;
    about.textContent = shared ? `open · ${count(shared.resources('Observation').length)}` : 'closed';
    const isCurrent = shared !== null && shared === current;
    element.dataset['current'] = String(isCurrent);
    buttons.open.textContent = isCurrent ? 'Open again' : 'Open';
    buttons.open.ariaLabel = `${buttons.open.textContent} the report of ${summarize(exam.patient).name}`;
    allow(
      buttons.open,
      why ?? (isCurrent && doubt === undefined ? 'Every window shows this report already.' : undefined),
    );
    allow(buttons.close, why ?? (shared ? undefined : 'This report is not open.'));
  }
}

const count = (lengths: number): string => (lengths === 1 ? '1 length' : `${lengths} lengths`);

follow(show);
