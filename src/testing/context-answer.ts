import { randomUUID } from 'node:crypto';
import { type HttpAnswer, HttpRefusal, json } from './http.ts';
import type { TestSession } from './session.ts';
import type { HubTraits } from './traits.ts';

/**
 * The answer to a request for the current context.
 *
 * @param draft was it asked for at the draft's URL of a hub that has one beside its own?
 * @throws a refusal with 404 when the hub does not tell it
 */
export function tellContext(session: TestSession, { contextForm }: HubTraits, draft: boolean): HttpAnswer {
  const { current } = session;
  const context = current?.event.context ?? [];
  switch (contextForm === 'by-path' ? (draft ? 'envelope' : 'object') : contextForm) {
    case 'envelope': {
      const { id, timestamp } = current?.event ?? { id: randomUUID(), timestamp: new Date().toISOString() };
      return json(200, { timestamp, id, event: { 'hub.topic': session.url, context } });
    }
    case 'object':
      return json(200, {
        'context.type': current?.type ?? '',
        'context.versionId': current?.versionId ?? '',
        context,
      });
    case 'sparse-object':
      return json(200, {
        'context.type': current?.type ?? '',
        ...(current === undefined ? {} : { 'context.versionId': current.versionId }),
        context,
      });
    case 'array':
      return json(200, context);
    case 'none':
      throw new HttpRefusal(404, 'This hub does not tell the current context.');
  }
}
