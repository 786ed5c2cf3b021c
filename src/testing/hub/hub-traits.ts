import type { ContentTrait } from '../ground/content-traits.ts';
import type { HubTraits } from '../ground/traits.ts';
import { traitsOf } from '../personalities/index.ts';
import { standardContent } from '../personalities/standard-content.ts';
import type { ContentOptions, TestHubOptions } from './test-hub-options.ts';

/** What the personality does, as far as no option says otherwise. */
export function traitsFor(options: TestHubOptions): HubTraits {
  const {
    verifyInline,
    discovery,
    keepEndpoints,
    replay,
    currentContext,
    heartbeatSeconds: seconds,
    content,
  } = options;
  const traits = traitsOf(options.personality);
  const { heartbeat = { tellsPeriod: true } } = traits;
  return {
    ...traits,
    ...(verifyInline === undefined ? {} : { verifyInline }),
    ...(keepEndpoints === undefined ? {} : { keepEndpoints: keepEndpoints ? 'lost' : 'never' }),
    ...(replay === undefined ? {} : { replay }),
    ...(currentContext === false ? { contextForm: 'none' } : {}),
    ...(seconds === undefined ? {} : { heartbeat: { ...heartbeat, seconds } }),
    ...(content === false ? { content: undefined } : {}),
    ...(content ? { content: changed(traits.content ?? standardContent, content) } : {}),
    ...(discovery === false ? { discovery: undefined } : {}),
    ...options.traits,
  };
}

function changed(content: ContentTrait, { statuses, ...options }: ContentOptions): ContentTrait {
  return { ...content, ...options, statuses: { ...content.statuses, ...statuses } };
}
