import { type HttpAnswer, HttpRefusal } from '../ground/http-server.ts';
import type { Conferences } from '../session/conferences.ts';

/** Answers a request about conferences, as the sandbox hub of 2024 does. */
export function handleConference(method: string, body: string, conferences: Conferences): HttpAnswer {
  if (method !== 'POST' && method !== 'DELETE') throw new HttpRefusal(404, 'Cannot do that.');
  const fields: unknown = JSON.parse(body);
  if (typeof fields !== 'object' || fields === null) throw new HttpRefusal(400, 'A conference is an object.');
  if (method === 'POST') conferences.begin({ ...fields });
  else conferences.end({ ...fields });
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'OK' };
}
