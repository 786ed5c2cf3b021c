import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';

/** An array of contexts, with the current one or none in it (PowerCast). */
export function contextList(open: HubEvent | undefined): readonly Record<string, unknown>[] {
  if (open === undefined) return [];
  const contextType = anchorAndAction(open.name).anchor;
  return [{ 'context.versionId': open.versionId ?? null, contextType, context: open.context }];
}
