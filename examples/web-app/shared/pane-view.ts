import { find, make } from './dom.ts';
import { type EventLine, NOTHING_YET, type PaneState } from './pane-state.ts';
import type { PatientSummary } from './patient.ts';

/** Where a client that is not connected is, unless it has lost the connection. */
const APART: Readonly<Partial<Record<PaneState['connection'], string>>> = {
  idle: 'Not connected',
  denied: 'Turned away by the hub',
  closed: 'Left the session',
};

const NOT_FOLLOWING = 'Not following: may be out of date';

/** What the page knew last. */
let last = NOTHING_YET;

/** Shows what all panes have: the patient, the connection, who is out of step, and the events. */
export function showPane(state: PaneState): void {
  last = state;
  showConnection(connectionOf(state), state.sync.state === 'behind' ? 'behind' : state.connection);
  showPatient(state.patient, doubtOf(state));
  showOutOfStep(state);
  find('#events').replaceChildren(
    ...(state.events.length > 0
      ? state.events.map(eventLine)
      : [make('li', { className: 'none', textContent: 'Nothing yet' })]),
  );
}

/** Says how the page is connected. */
export function showConnection(text: string, state: string): void {
  const element = find('#connection');
  element.textContent = text;
  element.dataset['state'] = state;
}

function connectionOf({ connection, channel, sync }: PaneState): string {
  if (sync.state === 'behind') return 'Catching up';
  if (sync.state !== 'disconnected') return `Following by ${channel}`;
  return APART[connection] ?? (channel ? `Connection lost since ${clock(sync.since)}` : 'Joining the session');
}

/** Shows that the page does not know any more what goes on. */
export function showContactLost(): void {
  showConnection('No contact with the server', 'denied');
  showPatient(last.patient, NOT_FOLLOWING);
}

/** Why a banner may show another patient than the other applications do: nobody reads a small sign in a corner. */
function doubtOf({ connection, sync }: PaneState): string | undefined {
  if (connection === 'closed') return 'No longer follows the session';
  if (sync.state === 'behind') return 'Catching up: may be out of date';
  return sync.state === 'disconnected' ? NOT_FOLLOWING : undefined;
}

/** What a banner says when it shows nobody. */
const NOBODY = { title: 'No chart open', hint: 'Choose a patient to begin' };

/**
 * Shows a patient. The banner is replaced only when something of it changes, so that a screen reader speaks once.
 *
 * @param doubt why it may be another patient
 * @param nobody what it says when there is none
 */
export function showPatient(patient: PatientSummary | null, doubt: string | undefined, nobody = NOBODY): void {
  const banner = find('#patient');
  const shown = JSON.stringify([patient, doubt]);
  if (banner.dataset['shown'] === shown) return;
  banner.dataset['shown'] = shown;
  banner.dataset['patient'] = patient?.id ?? '';
  banner.classList.toggle('empty', patient === null);
  banner.classList.toggle('doubtful', doubt !== undefined);
  if (!patient) {
    banner.replaceChildren(
      make('h2', { textContent: nobody.title }),
      make('p', { textContent: `${doubt ?? nobody.hint}.` }),
    );
    return;
  }
  banner.replaceChildren(
    make('h2', { textContent: patient.name }),
    make(
      'dl',
      {},
      ...fact('MRN', patient.mrn),
      ...fact('Born', `${longDate(patient.birthDate)} · ${age(patient.birthDate)} y`),
      ...fact('Sex', patient.sex),
    ),
    ...(doubt ? [make('p', { className: 'warning', textContent: doubt })] : []),
  );
}

const fact = (term: string, text: string): HTMLElement[] => [
  make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: text })),
];

function showOutOfStep({ sync, sentAgain }: PaneState): void {
  const by = sync.state === 'refused' ? sync.by : [];
  const names = by.map(({ subscriber = 'An application' }) => subscriber);
  const alert = find('#alert');
  const lines = [
    by.some(({ isSelf }) => isSelf)
      ? 'The other applications may show another patient.'
      : `${names.length > 1 ? 'They' : 'It'} may show another patient.`,
    ...by.map(({ diagnostics = '' }) => diagnostics),
    sentAgain === null ? '' : `Asking again every 10 seconds${sentAgain > 0 ? ` (${sentAgain})` : ''}`,
  ];
  find('#stop').hidden = sentAgain === null;
  alert.hidden = by.length === 0;
  const shown = JSON.stringify([names, lines]);
  if (alert.dataset['shown'] === shown) return;
  alert.dataset['shown'] = shown;
  const title = `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} out of step`;
  find('#alert-text').replaceChildren(
    make('strong', { textContent: title }),
    ...lines.map((textContent) => make('span', { textContent })),
  );
}

/** A time of the day. */
export const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

function eventLine({ at, name, detail, outcome }: EventLine): HTMLElement {
  const line = make(
    'li',
    {},
    make('time', { dateTime: new Date(at).toISOString(), textContent: clock(at) }),
    make('span', { className: 'what' }, make('code', { textContent: name }), make('span', { textContent: detail })),
    make('span', { className: 'outcome', textContent: outcome }),
  );
  line.dataset['outcome'] = outcome;
  return line;
}

/** Builds a list of patients to choose from. */
export function showPatients(
  patients: readonly PatientSummary[],
  describe: (patient: PatientSummary) => string,
  open: (id: string) => void,
): void {
  find('#patients').replaceChildren(
    ...patients.map((patient) => {
      const button = make(
        'button',
        { type: 'button', onclick: () => open(patient.id) },
        make('span', { className: 'name', textContent: patient.name }),
        make('span', { className: 'about', textContent: describe(patient) }),
      );
      button.dataset['patient'] = patient.id;
      return make('li', {}, button);
    }),
  );
}

/** Marks the patient whose chart is open, and says whether another may be chosen. */
export function markPatient(id: string | undefined, mayChoose: boolean): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('#patients button')) {
    if (button.dataset['patient'] === id) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
    button.disabled = !mayChoose;
  }
}

/** A date as people read it; the parts are never in doubt. */
export const longDate = (date: string): string => {
  const parsed = new Date(`${date}T00:00:00Z`);
  return Number.isNaN(parsed.getTime())
    ? date
    : parsed.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
};

function age(birthDate: string): number {
  const today = new Date().toISOString().slice(0, 10);
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) < birthDate.slice(5) ? years - 1 : years;
}
