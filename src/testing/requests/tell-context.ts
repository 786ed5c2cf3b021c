import { createHash, randomUUID } from 'node:crypto';
import { contextList } from '../context/list-of-contexts.ts';
import { javaDate } from '../ground/http-date.ts';
import { type HttpAnswer, HttpRefusal, json } from '../ground/http-server.ts';
import type { HubTraits } from '../ground/traits.ts';
import type { HubShared } from '../session/hub-state.ts';
import type { TestSession } from '../session/test-session.ts';

/**
 * The answer to a request for the current context.
 *
 * @param draft was it asked for at the draft's URL of a hub that has one beside its own?
 * @throws a refusal with 404 when the hub does not tell it
 */
export function tellContext(session: TestSession, traits: HubTraits, shared: HubShared, draft: boolean): HttpAnswer {
  const { contextForm, contextStatus, message } = traits;
  const { current, told } = session;
  const form = contextForm === 'by-path' ? (draft ? 'envelope' : 'object') : contextForm;
  // Versions that know this envelope know no content.
  const context = (form === 'envelope' ? current?.event : told)?.context ?? [];
  switch (form) {
    case 'envelope': {
      const { id, timestamp } = current?.event ?? { id: randomUUID(), timestamp: new Date().toISOString() };
      const at = message === 'java' ? javaDate(timestamp) : timestamp;
      return json(contextStatus, { timestamp: at, id, event: { 'hub.topic': session.url, context } });
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
    case 'last-of-all':
    case 'last-of-topic':
    case 'last-of-session':
      return tellLast(session, shared, traits);
    case 'contexts':
      return json(200, contextList(told));
    case 'array':
      return json(200, context);
    case 'none':
      throw new HttpRefusal(404, 'This hub does not tell the current context.');
  }
}

/** What the sandbox hubs remember; a cache may keep the answer of the JavaScript ones. */
function tellLast(session: TestSession, { contexts }: HubShared, { contextForm }: HubTraits): HttpAnswer {
  const last = contexts.find(session.id);
  if (contextForm === 'last-of-session') {
    if (last === undefined) throw new HttpRefusal(404, '');
    return json(200, last);
  }
  const known = last ?? (contextForm === 'last-of-all' && !contexts.any ? {} : undefined);
  if (known === undefined) return { status: 200 };
  const body = JSON.stringify(known);
  const tag = createHash('sha1').update(body).digest('base64').slice(0, 27);
  const headers = { 'Content-Type': 'application/json; charset=utf-8', ETag: `W/"${body.length.toString(16)}-${tag}"` };
  return { status: 200, headers, body };
}
