import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';
import { isResource } from '../ground/resource-key.ts';

/** An event as a hub tells it that writes the version into the anchor too, as its `meta.versionId` (PowerCast). */
export function withVersionInAnchor(event: HubEvent): HubEvent {
  const { versionId } = event;
  if (versionId === undefined) return event;
  const { anchor } = anchorAndAction(event.name);
  const context = event.context.map((entry) => {
    const { resource } = entry;
    if (!isResource(resource) || resource.resourceType.toLowerCase() !== anchor.toLowerCase()) return entry;
    const { meta } = resource;
    return { ...entry, resource: { ...resource, meta: { ...(typeof meta === 'object' ? meta : {}), versionId } } };
  });
  return { ...event, context };
}
