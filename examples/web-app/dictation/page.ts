import { post, watch } from '../shared/commands.ts';
import { find } from '../shared/dom.ts';
import { note, showFailures } from '../shared/failures.ts';
import { readPatients, smart } from '../shared/fhirclient.ts';
import { longDate, markPatient, showContactLost, showPane, showPatients } from '../shared/pane-view.ts';
import { summarize } from '../shared/patient.ts';
import { firstDraft } from './report.ts';
import type { DictationCommand, DictationState } from './state.ts';

showFailures();

// The SMART launch ends in this page. The rest is for the server: it gets the token response, and the hub calls it back.
const launched = await smart.ready();
const { id } = await post<{ id: string }>('/sessions', launched.state.tokenResponse);
const patients = await readPatients(launched);

const send = (command: DictationCommand): void => void post(`/sessions/${id}/commands`, command).catch(note);
const dictating = find('#dictating', HTMLButtonElement);
const leave = find('#leave', HTMLButtonElement);
const report = find('#report', HTMLTextAreaElement);
/** What was written, by patient: a report never moves to another chart. */
const reports = new Map<string, string>();

showPatients(
  patients.map(summarize),
  ({ mrn, birthDate }) => `${mrn} · ${longDate(birthDate)}`,
  (chosen) => {
    const patient = patients.find((candidate) => candidate.id === chosen);
    if (patient) send({ do: 'open', patient });
  },
);
dictating.onclick = () => send({ do: 'dictate', on: dictating.ariaChecked !== 'true' });
leave.onclick = () => send({ do: 'leave' });
find('#stop').onclick = () => send({ do: 'stop' });
report.oninput = () => report.dataset['patient'] && reports.set(report.dataset['patient'], report.value);

function showReport({ patient, connection }: DictationState): void {
  report.disabled = !patient || connection === 'closed';
  if (report.dataset['patient'] === (patient?.id ?? '')) return;
  report.dataset['patient'] = patient?.id ?? '';
  report.value = patient ? (reports.get(patient.id) ?? firstDraft(patient)) : '';
}

watch<DictationState>(
  `/sessions/${id}/state`,
  (state) => {
    const isIn = state.connection !== 'closed';
    showPane(state);
    markPatient(state.patient?.id, isIn && !state.dictating);
    showReport(state);
    dictating.ariaChecked = String(state.dictating);
    dictating.disabled = !isIn || !state.patient;
    leave.disabled = !isIn || state.dictating;
    document.body.classList.toggle('dictating', state.dictating);
    find('#note').textContent = state.dictating ? 'Chart held: changes are refused.' : '';
  },
  showContactLost,
);
