import { FhircastError } from '../../errors.ts';
import type { FhircastEvent } from '../../events/event.ts';
import { makeSyncError } from '../../events/sync-error.ts';
import type { HubApi } from '../../hub/api.ts';
import { hubError } from '../../hub/http.ts';
import { randomHex } from '../../random.ts';

/**
 * Tells the hub by a SyncError that this app did not follow an event that it had already acknowledged (STU3, SyncError).
 *
 * @param api the calls to the hub
 * @param event the event that was not followed
 * @param subscriber the name by which others know this app
 * @param reason the app's reason for people to read
 * @throws FhircastError `sync-error-not-sent`
 */
export async function object(
  api: HubApi,
  event: FhircastEvent,
  subscriber: string,
  reason: string | undefined,
): Promise<void> {
  const { dialect, topic } = api;
  // The draft has no such event, and one of its hubs takes any event for the current context.
  if (!dialect.sendsSyncErrors) throw new FhircastError('sync-error-not-sent');
  const resource = makeSyncError({
    eventId: event.id,
    eventName: event.hubEvent,
    subscriber,
    diagnostics: reason ?? `${subscriber} could not follow`,
  });
  const name = dialect.spell('SyncError')[0] ?? 'SyncError';
  const body = {
    timestamp: new Date().toISOString(),
    id: randomHex(16),
    event: { 'hub.topic': topic, 'hub.event': name, context: [{ key: 'operationoutcome', resource }] },
  };
  try {
    const answer = await api.publish({ body, name }, undefined);
    if (!answer.ok) throw hubError(answer);
  } catch (cause) {
    throw new FhircastError('sync-error-not-sent', { cause });
  }
}
