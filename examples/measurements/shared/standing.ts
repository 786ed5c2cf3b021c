import type { SyncStatus } from 'fhircast-client';
import type { ContentStatus } from 'fhircast-client/content';
import { clock } from '../../web-app/shared/pane-view.ts';

/** How far what a window shows can be believed. There is one of it, so that no part of a window says better than another. */
export interface Standing {
  /** For the pill: `active` is green, `denied` is red, `closed` is grey, all else is amber. */
  readonly level: 'active' | 'busy' | 'denied' | 'closed';
  /** For the pill. */
  readonly text: string;
  /** For the banner; `undefined` where nothing is in doubt. */
  readonly doubt: string | undefined;
  /** Why nothing can be changed; `undefined` where it can. */
  readonly why: string | undefined;
}

const busy = (text: string, doubt: string): Standing => ({ level: 'busy', text, doubt, why: `${doubt}.` });
const lost = (text: string, doubt: string): Standing => ({ level: 'denied', text, doubt, why: `${doubt}.` });

/** What the status of the content comes to, where the session itself is in order. */
const OF_CONTENT: Readonly<Record<ContentStatus, Standing | undefined>> = {
  known: undefined,
  fetching: busy('Looking up measurements', 'The measurements are being looked up'),
  unknown: lost('Measurements uncertain', 'Measurements may be missing or out of date: open the report again'),
  unsupported: lost(
    'Measurements are not shared',
    'This system does not share measurements: nothing drawn here reaches the report',
  ),
};

/**
 * Says for users how far what they see can be believed: first the connection, then the report, then what is measured.
 *
 * @param sync the client's `syncStatus`
 * @param status the status of the content that is shown; `undefined` where there is none
 */
export function standingOf(sync: SyncStatus, status: ContentStatus | undefined): Standing {
  switch (sync.state) {
    case 'disconnected':
      if (sync.reason === 'closed')
        return { ...lost('Not connected', 'This window is no longer connected: load it again'), level: 'closed' };
      if (sync.reason === 'denied') return lost('Turned away', 'This window was turned away: load it again');
      if (sync.reason === 'not-subscribed') return busy('Connecting', 'Not connected yet');
      return lost(`Connection lost since ${clock(sync.since)}`, 'The connection is lost: this may be out of date');
    case 'behind':
      return busy('Catching up', 'Catching up: this may be out of date');
    case 'refused': {
      const names = sync.by.map(({ subscriber = 'Another window' }) => subscriber).join(' and ');
      // That others do not follow keeps nobody here from working.
      const doubt = `${names} may show another report: open this one again in the worklist`;
      return { level: 'denied', text: `${names} out of step`, doubt, why: undefined };
    }
    default:
      return (status && OF_CONTENT[status]) ?? { level: 'active', text: 'Connected', doubt: undefined, why: undefined };
  }
}
