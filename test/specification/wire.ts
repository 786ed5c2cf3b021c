import type { Mend } from './exchange.ts';

/** A request or an answer as the specification prints it. */
export interface PrintedHttp {
  /** The method of a request, or `HTTP/1.1`. */
  readonly method: string;
  /** The URL of a request, or the status. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Reads a printed request or answer. Request lines end in `HTTP/1.1`, in `HTTP 1.1`, or with the URL: what a URL is ends
 * with a space in all of them.
 */
export function readHttp(printed: string): PrintedHttp {
  // A frame is no more than a body.
  if (printed.startsWith('{')) return { method: '', target: '', headers: new Headers(), body: printed };
  const [head = '', ...rest] = printed.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*:/, '')]),
  );
  return { method, target, headers, body: rest.join('\n\n').trim() };
}

/** The query of a URL, as it stands there. */
export const queryOf = (url: string): string => url.slice(url.indexOf('?') + 1);

/** Puts right what an example has wrong, and throws when that is not in it. */
export function mended(wire: string, mends: readonly Mend[]): string {
  return mends.reduce((text, [wrong, right]) => {
    if (!text.includes(wrong)) throw new Error(`nothing to mend: ${wrong}`);
    return text.replace(wrong, right);
  }, wire);
}

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The places in which two values differ: `+place` is only in ours, `-place` only in the printed one. */
export function differences(printed: unknown, ours: unknown, at = ''): string[] {
  if (!isBranch(printed) || !isBranch(ours)) return Object.is(printed, ours) ? [] : [at];
  const place = (name: string) => (at === '' ? name : `${at}/${name}`);
  return [...new Set([...Object.keys(printed), ...Object.keys(ours)])].flatMap((name) => {
    if (!(name in printed)) return [`+${place(name)}`];
    if (!(name in ours)) return [`-${place(name)}`];
    return differences(printed[name], ours[name], place(name));
  });
}
