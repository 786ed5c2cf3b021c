import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestTaker } from 'fhircast-client/testing';
import type { Charts } from './charts.ts';

/** The header that carries the key. A page of somebody else cannot send it: the browser asks first, and nobody says yes. */
export const CONTROL_HEADER = 'X-Fhircast-Control';

/** By which names this machine is asked. A page that has another name lead here (DNS rebinding) sends its own. */
const OWN_NAMES = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Charts by HTTP, for scripts: `GET /control/charts`, `POST /control/charts/<id>/open` and `/close`. */
export interface Control {
  /** What a request has to carry in {@link CONTROL_HEADER}. It ends with the command. */
  readonly key: string;
  /** Answers what is for it, and refuses everything that comes by a strange name. */
  readonly take: RequestTaker;
}

/** Makes the way to open and close charts by HTTP. */
export function openControl(charts: Charts): Control {
  const key = randomBytes(18).toString('base64url');
  return {
    key,
    take(request, response) {
      const isOwn = OWN_NAMES.test(request.headers.host ?? '');
      if (isOwn && !/^\/control(?:[/?]|$)/.test(request.url ?? '')) return false;
      // Nothing of a body is read.
      request.resume();
      if (!isOwn) answer(response, 421, { error: 'This server is called 127.0.0.1 or localhost.' });
      else if (!fits(request.headers[CONTROL_HEADER.toLowerCase()], key))
        answer(response, 403, {
          error: `The header ${CONTROL_HEADER} must have the key that the command has printed.`,
        });
      else void act(charts, request, response);
      return true;
    },
  };
}

async function act(charts: Charts, { method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url === '/control/charts') {
    if (method === 'GET') return answer(response, 200, { charts: charts.all });
    return answer(response, 405, { error: 'The list of charts answers to GET.' });
  }
  const [, id, verb] = /^\/control\/charts\/([\w.-]{1,64})\/(open|close)$/.exec(url) ?? [];
  if (method !== 'POST') return answer(response, 405, { error: 'A chart is opened and closed by POST.' });
  const told = verb === 'open' || verb === 'close' ? await charts.tell(verb, id) : undefined;
  if (!told) return answer(response, 404, { error: 'There is no such chart.' });
  answer(response, 200, { id: told.id, answers: told.answers });
}

function fits(sent: string | string[] | undefined, key: string): boolean {
  const [one, other] = [Buffer.from(String(sent ?? '')), Buffer.from(key)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
