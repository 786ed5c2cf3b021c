import express from 'express';
import { FhircastClient } from 'fhircast-client';
import type { TestEhr, TestHub, TestSession } from 'fhircast-client/testing';
import { type Scripts, servePages } from '../pages.ts';
import { Follower } from '../shared/follower.ts';
import { LiveState } from '../shared/live-state.ts';
import { NOTHING_YET } from '../shared/pane-state.ts';
import { summarize } from '../shared/patient.ts';
import type { Site } from '../site.ts';
import type { Application, EhrCommand, EhrState } from './state.ts';

/** The EHR's own name in the session. */
const NAME = 'EHR';

/** How long the hub takes no new websocket after it has lost them on demand, in seconds. */
const OUTAGE_SECONDS = 6;

/** What the EHR's page needs. */
export interface EhrPageOptions {
  readonly scripts: Scripts;
  readonly hub: TestHub;
  readonly session: TestSession;
  readonly ehr: TestEhr;
  /** The origins of the apps that it launches. */
  readonly apps: { readonly viewer: string; readonly dictation: string; readonly growth: string };
  /** Another example, to which the page has a link. */
  readonly measurementsUrl: string;
}

/** The running page. */
export interface EhrPage {
  /** Looks again who is in the session. */
  subscriptionsChanged(): void;
  close(): Promise<void>;
}

/** Starts the EHR's page: it launches the apps, changes the context, and follows it like everybody else. */
export async function startEhrPage(site: Site, options: EhrPageOptions): Promise<EhrPage> {
  const { scripts, hub, session, ehr, apps, measurementsUrl } = options;
  const live = new LiveState<EhrState>({ ...NOTHING_YET, patients: ehr.patients.map(summarize), applications: [] });
  const client = new FhircastClient({
    hubUrl: hub.url,
    topic: session.id,
    accessToken: session.accessToken,
    subscriberName: NAME,
  });
  const follower = new Follower(client, { changed: (state) => live.update(state) });
  await client.ready();

  const app = servePages({
    folder: 'ehr',
    scripts,
    pages: { '/': 'page.html' },
    frames: [apps.viewer, apps.dictation, new URL(ehr.fhirUrl).origin],
  });
  app.get('/state', (request, response) => live.stream(request, response));
  app.get('/measurements', (_, response) => response.redirect(measurementsUrl));
  // A fresh launch for every load: the browser follows into the app's launch page.
  app.get('/launch/:app', ({ params }, response) => {
    const origin = Object.hasOwn(apps, params.app) ? apps[params.app as keyof typeof apps] : undefined;
    if (!origin) return void response.sendStatus(404);
    const patient = live.current.patient?.id;
    response.redirect(ehr.launchUrl(`${origin}/launch`, { session, ...(patient ? { patient } : {}) }));
  });
  app.post('/commands', express.json(), async ({ body }, response) => {
    const command = (body ?? {}) as Partial<Record<'open' | 'close' | 'do', string>> satisfies Partial<EhrCommand>;
    if (command.do === 'stop' || command.do === 'cut') {
      if (command.do === 'stop') follower.stopAsking();
      else cutWebsockets(hub, session);
      return void response.sendStatus(204);
    }
    const patient = ehr.patients.find(({ id }) => id === (command.open ?? command.close));
    if (!patient) return void response.sendStatus(400);
    const refusal = await follower.change(command.open ? 'Patient-open' : 'Patient-close', patient);
    if (refusal === undefined) response.sendStatus(204);
    else response.status(409).type('text').send(refusal);
  });
  site.serve(app);

  return {
    subscriptionsChanged: () => live.update({ applications: applicationsOf(session) }),
    close: () => client.unsubscribe(),
  };
}

/** Loses the websockets, and takes new ones when {@link OUTAGE_SECONDS} are over. Webhooks go on. */
function cutWebsockets(hub: TestHub, session: TestSession): void {
  for (const { channel, active } of session.subscriptions) {
    if (channel !== 'websocket' || !active) continue;
    hub.refuseNext({ kind: 'subscribe', status: 503, headers: { 'Retry-After': String(OUTAGE_SECONDS) } });
  }
  session.dropConnections();
}

const applicationsOf = (session: TestSession): Application[] =>
  session.subscriptions
    .filter(({ active, name }) => active && name !== NAME)
    .map(({ name, channel }) => ({ name, channel }));
