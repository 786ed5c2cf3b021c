import { FhircastClient } from 'fhircast-client';
import { find } from '../shared/dom.ts';
import { note, showFailures } from '../shared/failures.ts';
import { readPatients, smart } from '../shared/fhirclient.ts';
import { Follower } from '../shared/follower.ts';
import type { PaneState } from '../shared/pane-state.ts';
import { markPatient, showPane, showPatients } from '../shared/pane-view.ts';
import { summarize } from '../shared/patient.ts';
import { drawPhantom } from './phantom.ts';
import { studyOf } from './studies.ts';

showFailures();

const slice = find('#slice', HTMLInputElement);
const answer = find('#note');
const buttons = [find('#context', HTMLButtonElement), find('#leave', HTMLButtonElement)] as const;

const client = await FhircastClient.fromSmartLaunch(undefined, { subscriberName: 'Imaging viewer' });
const follower = new Follower(client, { changed: show });
const patients = await readPatients(await smart.ready());

async function open(id: string): Promise<void> {
  const patient = patients.find((candidate) => candidate.id === id);
  if (!patient) return;
  const refusal = await follower.change('Patient-open', patient);
  if (refusal !== undefined) answer.textContent = refusal;
}

async function ask(): Promise<void> {
  const context = await client.getCurrentContext();
  answer.textContent = context?.patient
    ? `The hub says: ${summarize(context.patient).name}`
    : 'The hub says: no chart is open';
}

function drawImage({ patient }: PaneState): void {
  const canvas = find('#image', HTMLCanvasElement);
  const title = patient ? studyOf(patient.id) : 'No study';
  drawPhantom(canvas, patient?.id, slice.valueAsNumber / 24);
  canvas.ariaLabel = patient ? `${title}, slice ${slice.value}: a drawn phantom, no real image` : 'No image';
  find('#caption').textContent = title;
  slice.disabled = !patient;
}

/** What the hub said holds until something happens. */
function forgetAnswer({ events: [newest] }: PaneState): void {
  if (answer.dataset['event'] === newest?.key) return;
  answer.dataset['event'] = newest?.key ?? '';
  answer.textContent = '';
}

function show(state: PaneState): void {
  const isIn = state.connection !== 'closed';
  showPane(state);
  markPatient(state.patient?.id, isIn);
  for (const button of buttons) button.disabled = !isIn;
  drawImage(state);
  forgetAnswer(state);
}

showPatients(
  patients.map(summarize),
  ({ id, mrn }) => `${studyOf(id)} · ${mrn}`,
  (id) => void open(id).catch(note),
);
find('#stop').onclick = () => follower.stopAsking();
slice.oninput = () => drawImage(follower.state);
buttons[0].onclick = () => void ask().catch(note);
buttons[1].onclick = () => void client.unsubscribe().catch(note);
show(follower.state);
