import { play } from '../scenario.ts';
import worker, { Desk as DocumentedDesk, type Env } from './documented/workerd.js';

/** The documented object, and one method that the test calls. */
export class Desk extends DocumentedDesk {
  play(): Promise<void> {
    return play({ callback: this.callback, conductor: this.env.CONDUCTOR });
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (!request.url.endsWith('/play')) return worker.fetch(request, env);
    await env.DESKS.get(env.DESKS.idFromName('desk 7')).play();
    return new Response(null, { status: 204 });
  },
};
