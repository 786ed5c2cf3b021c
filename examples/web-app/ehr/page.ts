import { post, watch } from '../shared/commands.ts';
import { find, make } from '../shared/dom.ts';
import { note } from '../shared/failures.ts';
import { longDate, markPatient, showContactLost, showPane, showPatients } from '../shared/pane-view.ts';
import type { EhrCommand, EhrState } from './state.ts';

/** The apps that this EHR launches: their frame, and their name in the session. */
const APPS = { viewer: 'Imaging viewer', dictation: 'Dictation' } as const;

const send = (command: EhrCommand): void => void post('/commands', command).catch(note);
const closeButton = find('#close', HTMLButtonElement);
let state: EhrState | undefined;

closeButton.onclick = () => state?.patient && send({ close: state.patient.id });
find('#again').onclick = () => state?.patient && send({ open: state.patient.id });
find('#stop').onclick = () => send({ do: 'stop' });
find('#cut').onclick = () => send({ do: 'cut' });

function showApplications({ applications }: EhrState): void {
  find('#applications').replaceChildren(
    ...Object.entries(APPS).map(([frame, name]) => {
      const joined = applications.find((application) => application.name === name);
      const relaunch = make('button', {
        type: 'button',
        className: 'quiet',
        textContent: 'Launch again',
        ariaLabel: `Launch ${name} again`,
        onclick: () => {
          find(`#${frame}`, HTMLIFrameElement).src = `/launch/${frame}`;
        },
      });
      const line = make(
        'li',
        {},
        make(
          'p',
          {},
          make('span', { className: 'name', textContent: name }),
          make('span', {
            className: 'about',
            textContent: joined ? `follows by ${joined.channel}` : 'not in the session',
          }),
        ),
        ...(joined ? [] : [relaunch]),
      );
      line.dataset['joined'] = String(joined !== undefined);
      return line;
    }),
  );
}

watch<EhrState>(
  '/state',
  (next) => {
    if (!state)
      showPatients(
        next.patients,
        ({ mrn, birthDate }) => `${mrn} · ${longDate(birthDate)}`,
        (open) => send({ open }),
      );
    state = next;
    showPane(next);
    markPatient(next.patient?.id, true);
    closeButton.disabled = next.patient === null;
    find('#again').hidden = next.patient === null;
    showApplications(next);
  },
  showContactLost,
);
