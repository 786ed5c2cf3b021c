import { contextList } from './context-answer.ts';
import { type HttpAnswer, json } from './http.ts';
import type { HubEvent } from './hub-event.ts';
import type { HubTraits } from './traits.ts';

/**
 * The answer to a request for a websocket, which says where that is to be opened.
 *
 * @param open the opens of what is open now, the latest last, for a hub that tells of that at once
 */
export function tellEndpoint(
  endpoint: string,
  { endpointIn, contextsInAnswer }: HubTraits,
  open: readonly HubEvent[] = [],
): HttpAnswer {
  switch (endpointIn) {
    case 'json':
      return json(202, {
        'hub.channel.endpoint': endpoint,
        ...(contextsInAnswer ? { contexts: contextList(open.at(-1)) } : {}),
      });
    case 'content-location':
      return { status: 202, headers: { 'Content-Location': endpoint } };
    case 'nowhere':
      return { status: 202 };
    case 'body':
      return { status: 202, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: endpoint };
  }
}
