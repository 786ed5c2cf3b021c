import type { SharedResource } from '../../../src/testing/index.ts';

/** An entry of the content that a hub tells. */
export interface ContentEntry {
  readonly fullUrl?: string;
  readonly resource: SharedResource;
}

/** An entry that adds or replaces a resource. */
export const put = (resource: { resourceType: string; id: string }, fullUrl?: string) => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  resource,
});

/** An entry that deletes what this is the fullUrl of. */
export const remove = (fullUrl: string) => ({ fullUrl, request: { method: 'DELETE', url: fullUrl } });
