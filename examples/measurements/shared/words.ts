import { find } from '../../web-app/shared/dom.ts';

const WORDS: Readonly<Record<string, string>> = {
  'content-conflict':
    'Somebody else has changed this at the same time. What they did is shown: look at it and try again.',
  'content-not-current': 'The report is not open any more. Open it again in the worklist.',
  'content-unknown': 'Measurements cannot be changed before they have been looked up. Try again.',
  'content-unsupported': 'This system does not share measurements.',
  'content-too-large': 'This is too much to be shared at once.',
  closed: 'This window is no longer connected. Load it again.',
};

/** Says on the page's one line for it that what the user asked for was not done: in plain words, never in the protocol's. */
export function sayFailure(error: unknown): void {
  const { code = '' } = (error ?? {}) as { readonly code?: string };
  say(WORDS[code] ?? 'This was not done. Try again.');
}

/** Says something on the page's one line for it. */
export function say(text: string): void {
  find('#note').textContent = text;
}

/**
 * Lets a button be pressed or not.
 *
 * @param why why it cannot be pressed; `undefined` when it can
 */
export function allow(button: HTMLButtonElement, why: string | undefined): void {
  button.disabled = why !== undefined;
  button.title = why ?? '';
}
