import { type HttpAnswer, json } from './http.ts';
import type { HubTraits } from './traits.ts';

/** The answer to a request for a websocket, which says where that is to be opened. */
export function tellEndpoint(endpoint: string, { endpointIn }: HubTraits): HttpAnswer {
  switch (endpointIn) {
    case 'json':
      return json(202, { 'hub.channel.endpoint': endpoint });
    case 'content-location':
      return { status: 202, headers: { 'Content-Location': endpoint } };
    case 'nowhere':
      return { status: 202 };
    case 'body':
      return { status: 202, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: endpoint };
  }
}
