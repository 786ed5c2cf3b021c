import { randomBytes } from 'node:crypto';
import express from 'express';
import type { TokenResponse } from 'fhircast-client';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { expressCallback } from 'fhircast-client/callback/express';
import { type Scripts, servePages } from '../pages.ts';
import type { Site } from '../site.ts';
import { DictationSession } from './session.ts';
import type { DictationCommand } from './state.ts';

/** What the dictation's server needs to know. */
export interface DictationOptions {
  readonly scripts: Scripts;
  readonly fhirUrl: string;
  /** The EHR's page. */
  readonly framedBy: string;
}

/** Starts the dictation's server: the hub calls it back, and it tells its pages. */
export function startDictation(site: Site, { scripts, fhirUrl, framedBy }: DictationOptions) {
  const sessions = new Map<string, DictationSession>();
  const callback = createCallbackEndpoint({ baseUrl: `${site.origin}/fhircast` });
  const app = servePages({
    folder: 'dictation',
    scripts,
    pages: { '/app': 'page.html' },
    launches: 'Dictation',
    connect: [new URL(fhirUrl).origin],
    framedBy,
  });

  // Before any body parser: signatures are checked over the exact bytes.
  app.use('/fhircast', expressCallback(callback));
  app.use(express.json());

  app.post('/sessions', async ({ body }, response) => {
    const id = randomBytes(24).toString('hex');
    const deserted = (): void => {
      sessions.delete(id);
      session.leave().catch(() => {});
    };
    const session = await DictationSession.join((body ?? {}) as TokenResponse, callback, deserted);
    sessions.set(id, session);
    response.json({ id });
  });
  app.get('/sessions/:id/state', (request, response) => {
    const session = sessions.get(request.params.id);
    if (!session) return void response.sendStatus(404);
    session.live.stream(request, response);
  });
  app.post('/sessions/:id/commands', async ({ params, body }, response) => {
    const session = sessions.get(params.id);
    if (!session) return void response.sendStatus(404);
    const refusal = await session.handle(body as DictationCommand);
    if (refusal === undefined) response.sendStatus(204);
    else response.status(409).type('text').send(refusal);
  });
  site.serve(app);

  return {
    async close(): Promise<void> {
      await Promise.allSettled([...sessions.values()].map((session) => session.leave()));
    },
  };
}
