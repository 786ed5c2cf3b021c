/** What a page does that matters to a connection. */
export interface PageEvents {
  /** The network or the page is back: nothing needs to wait any longer. */
  woke(): void;
  /** The browser keeps the page, but does not run it any more. */
  paused(): void;
  /** The page is left for good. */
  closed(): void;
}

/** The part of a page or a worker that is used. */
interface Scope {
  addEventListener?(type: string, listener: (event: Event) => void): void;
  removeEventListener?(type: string, listener: (event: Event) => void): void;
  readonly document?: Scope & { readonly visibilityState?: string };
}

const nothing = () => {};

/**
 * Listens to what the browser tells about the page; does nothing where there is no browser.
 *
 * @param events who is told
 * @param scope the page's window
 * @returns ends listening
 */
export function watchPage({ woke, paused, closed }: PageEvents, scope: Scope = globalThis as Scope): () => void {
  if (!scope.addEventListener) return nothing;
  const { document } = scope;
  const listeners: [Scope | undefined, string, (event: Event) => void][] = [
    [scope, 'online', woke],
    [scope, 'pageshow', woke],
    // A page that holds a socket is not kept for the way back, and one that is not kept is gone.
    [scope, 'pagehide', (event) => ((event as PageTransitionEvent).persisted ? paused() : closed())],
    [document, 'visibilitychange', () => document?.visibilityState === 'visible' && woke()],
  ];
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener?.(type, listener);
  };
}
