import { splitTarget } from '../callback/request.ts';
import { PATHS } from './wire.ts';

/** What a request asks of a relay. */
export interface Target {
  /** Whose it is: a hub's (`callback`), a page's, or nobody's. */
  readonly kind: keyof typeof PATHS | undefined;
  /** The query, without its question mark. */
  readonly query: string;
}

/** What another program on the way may take for the end of a segment, or for the folder above it. */
const AMBIGUOUS = /[\\#]|%(2e|2f|5c|23)|(^|\/)\.{1,2}(\/|$)/i;

const isPagePath = (segment: string): segment is 'page' | 'answers' =>
  segment === PATHS.page || segment === PATHS.answers;

/**
 * Reads the target of a request: its last segments alone say what it asks. Where a relay is mounted is not its concern, and of
 * a host that stands in a target nothing is believed.
 *
 * A path that somebody on the way could read in another way is nobody's, and so is that of a page below `callback/`: an app
 * may let hubs in by that segment, and pages by a cookie.
 *
 * @param target a path with a query, or an absolute URL
 */
export function readTarget(target: string): Target {
  const { path, query } = splitTarget(target);
  const segments = path.replace(/\/$/, '').split('/');
  const last = segments[segments.length - 1] ?? '';
  if (AMBIGUOUS.test(path)) return { kind: undefined, query };
  const isCallback = segments[segments.length - 2] === PATHS.callback;
  if (isCallback) return { kind: 'callback', query };
  return { kind: isPagePath(last) && !segments.includes(PATHS.callback) ? last : undefined, query };
}
