import { type ComponentPropsWithoutRef, createElement, Fragment, type ReactElement } from 'react';
import type { SyncStatus } from '../following/sync-facts.ts';
import { useSource, useSourceState } from './provider.ts';
import { isAlarming, syncWords } from './sync-words.ts';
import { type SyncStatusOptions, useSyncStatus } from './use-sync-status.ts';

/** What {@link SyncBanner} takes: what a `<p>` takes, and these. */
export interface SyncBannerProps extends Omit<ComponentPropsWithoutRef<'p'>, 'children'>, SyncStatusOptions {
  /**
   * Other words, such as those of another language; `undefined` for none.
   *
   * @param trouble a status, or the error of a launch that failed
   * @default syncWords
   */
  readonly words?: ((trouble: SyncStatus | Error) => string | undefined) | undefined;
}

/**
 * Says in a clinician's words when this app, or another one, may show another patient. It draws nothing while all is well, and has no style
 * of its own: `className` and the like are of the paragraph with the words, and its `data-state` is `behind`, `refused`,
 * `disconnected` or `failed`. Screen readers tell at once what is alarming (`role="alert"`), and the rest in passing (`role="status"`).
 *
 * @example
 * ```tsx
 * <SyncBanner className="banner" />
 * ```
 */
export function SyncBanner({ smooth = true, words = syncWords, ...rest }: SyncBannerProps): ReactElement {
  const { error } = useSourceState(useSource('<SyncBanner>'));
  const status = useSyncStatus({ smooth });
  const trouble = error ?? status;
  const text = trouble && words(trouble);
  const state = trouble && (trouble instanceof Error ? 'failed' : trouble.state);
  const message = text ? createElement('p', { ...rest, 'data-state': state }, text) : null;
  const isAlert = trouble !== undefined && isAlarming(trouble);
  // Screen readers tell what changes in a region that was there before.
  return createElement(
    Fragment,
    null,
    createElement('div', { role: 'status' }, isAlert ? null : message),
    createElement('div', { role: 'alert' }, isAlert ? message : null),
  );
}
