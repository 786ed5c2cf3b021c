import * as hubs from './hubs.ts';
import * as single from './single.ts';

/**
 * What hubs in the field need that no version of the specification describes. Most hubs need none of them: which one does is
 * told in docs/hubs.md.
 *
 * @example
 * ```ts
 * const client = await FhircastClient.fromSmartLaunch(undefined, { profile: profiles.jsSandbox2018 });
 * ```
 */
export const profiles = /* @__PURE__ */ (() => ({ ...hubs, ...single }))();
