import { find, make } from './dom.ts';

/** Says on the page's one line for it that something which the user asked for did not work. */
export function note(error: unknown): void {
  find('#note').textContent = error instanceof Error ? error.message : String(error);
}

/** Shows what went wrong: an app that cannot start must not look like one that waits. */
export function showFailures(): void {
  const show = (cause: unknown): void => {
    const text = cause instanceof Error ? cause.message : String(cause);
    const failure = make('p', { className: 'failure', textContent: text });
    failure.setAttribute('role', 'alert');
    document.body.replaceChildren(failure);
  };
  addEventListener('error', ({ error, message }) => show(error ?? message));
  addEventListener('unhandledrejection', ({ reason }) => show(reason));
}
