import type { Refusal, SyncStatus } from '../following/sync-facts.ts';

/** Names come from other apps: they are cut where they would fill the page. In characters. */
const LONGEST_NAME = 60;
/** More than that are counted. */
const MOST_NAMES = 3;

const OTHERS = 'the other applications';

/**
 * What {@link SyncBanner} says, in words for a clinician.
 *
 * @param trouble a status, or the error of a launch that failed
 * @returns `undefined` where nothing needs to be said
 */
export function syncWords(trouble: SyncStatus | Error): string | undefined {
  if (trouble instanceof Error) return `This application is not connected to ${OTHERS}. Open it again from the chart.`;
  switch (trouble.state) {
    case 'in-sync':
      return undefined;
    case 'behind':
      return trouble.reason === 'undecided' ? 'Opening …' : 'Checking what is open. This may be out of date.';
    case 'refused':
      return refusedBy(trouble.by);
    case 'disconnected':
      break;
  }
  switch (trouble.reason) {
    case 'not-subscribed':
      return `Connecting to ${OTHERS} …`;
    case 'connection-lost':
      return `No connection to ${OTHERS} since ${timeOf(trouble.since)}. They may show another patient.`;
    case 'denied':
      return `This application does not follow ${OTHERS}. They may show another patient.`;
    case 'closed':
      return `This application follows ${OTHERS} no more.`;
  }
}

/** Whether somebody who looks elsewhere should be told at once. */
export const isAlarming = (trouble: SyncStatus | Error): boolean =>
  trouble instanceof Error ||
  trouble.state === 'refused' ||
  (trouble.state === 'disconnected' && (trouble.reason === 'connection-lost' || trouble.reason === 'denied'));

function refusedBy(by: readonly Refusal[]): string {
  if (by.some(({ isSelf }) => isSelf))
    return `This application has not followed. It may show another patient than ${OTHERS}.`;
  const names = by.map(({ subscriber }) => nameOf(subscriber)).slice(0, MOST_NAMES);
  const more = by.length - names.length;
  if (more > 0) names.push(more === 1 ? 'one more' : `${more} more`);
  const last = names.pop() ?? nameOf(undefined);
  if (names.length === 0) return `${capital(last)} has not followed. It may show another patient.`;
  return `${capital(names.join(', '))} and ${last} have not followed. They may show another patient.`;
}

const nameOf = (subscriber = ''): string => {
  const name = subscriber.trim();
  if (!name) return 'another application';
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)} …` : name;
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const timeOf = (ms: number): string =>
  new Date(ms).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' });
