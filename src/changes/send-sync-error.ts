import { FhircastError } from '../errors/errors.ts';
import type { FhircastEvent } from '../events/event.ts';
import { makeSyncError } from '../events/sync-error.ts';
import type { HubApi } from '../hub/api.ts';
import { hubError } from '../hub/http.ts';
import { type Backoff, backoffMs } from '../subscription/backoff.ts';
import { randomHex } from '../web/random.ts';
import { pause } from '../web/timers.ts';

/** The hub that is told, under which name, and how often. */
export interface ObjectionOptions {
  readonly api: HubApi;
  /** The name by which others know this app. */
  readonly subscriberName: string;
  /** How long to wait before the hub is told again. */
  readonly backoff: Backoff;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

/** How often a hub that could not be reached is told again. */
const TRIES_MORE = 6;

/**
 * Tells the hub by a SyncError that this app did not follow an event that it had already acknowledged (STU3, SyncError). What
 * fails in a way that may pass is tried again.
 *
 * @param event the event that was not followed
 * @param reason the app's reason for people to read
 * @param isCurrent whether the session is still where the event has led it, so that the objection matters
 * @returns whether the hub was told; `false` when it does not matter any more
 * @throws FhircastError `sync-error-not-sent`
 */
export async function object(
  { api, subscriberName, backoff, signal }: ObjectionOptions,
  event: FhircastEvent,
  reason: string | undefined,
  isCurrent: () => boolean,
): Promise<boolean> {
  const { dialect, topic } = api;
  // The draft has no such event, and one of its hubs takes any event for the current context.
  if (!dialect.sendsSyncErrors) throw new FhircastError('sync-error-not-sent');
  const resource = makeSyncError({
    eventId: event.id,
    eventName: event.hubEvent,
    subscriber: subscriberName,
    diagnostics: reason ?? `${subscriberName} could not follow`,
  });
  const name = dialect.spell('SyncError')[0] ?? 'SyncError';
  const body = {
    timestamp: new Date().toISOString(),
    id: randomHex(16),
    event: { 'hub.topic': topic, 'hub.event': name, context: [{ key: 'operationoutcome', resource }] },
  };
  for (let failures = 0; ; ) {
    try {
      const answer = await api.publish({ body, name }, signal);
      if (!answer.ok) throw hubError(answer);
      return true;
    } catch (cause) {
      if (signal.aborted) return false;
      const { retryable = false, retryAfterMs } = cause instanceof FhircastError ? cause : {};
      if (!retryable || ++failures > TRIES_MORE || !isCurrent())
        throw new FhircastError('sync-error-not-sent', { cause });
      await pause(backoffMs(backoff, failures, retryAfterMs), signal);
      if (signal.aborted || !isCurrent()) return false;
    }
  }
}
