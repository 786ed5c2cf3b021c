import { join } from 'node:path';
import { type HubMessage, startTestEhr, startTestHub } from 'fhircast-client/testing';
import { bundleScripts, servePages } from '../web-app/pages.ts';
import { openSite } from '../web-app/site.ts';

const root = import.meta.dirname;
/** The three windows: the folder of each, and the name under which the EHR knows it. */
const APPS = { worklist: 'Worklist', viewer: 'Viewer', report: 'Report' } as const;
const FOLDERS = Object.keys(APPS) as readonly (keyof typeof APPS)[];

/** How many ports in a row it takes. */
export const MEASUREMENTS_PORTS = 6;

/** How the example is started. */
export interface MeasurementsOptions {
  /** The port of the start page; the five other servers take the ports after it. Default free ones. */
  port?: number;
  /** Called with every message that the hub sees or sends. */
  onMessage?: (message: HubMessage) => void;
}

/** The running example. */
export interface Measurements {
  /** The start page, which opens the windows. */
  readonly url: string;
  /** Stops everything. */
  close(): Promise<void>;
}

/**
 * Starts a hub, an EHR, and three apps that measure, report and list, each on an origin of its own.
 *
 * @throws when a port is taken
 */
export async function startMeasurements({ port = 0, onMessage }: MeasurementsOptions = {}): Promise<Measurements> {
  const portAt = (index: number): number => (port === 0 ? 0 : port + index);
  const scripts = await bundleScripts(['shared/launch', ...FOLDERS.map((folder) => `${folder}/page`)], root);
  const start = await openSite(portAt(0));
  const sites = await Promise.all(
    FOLDERS.map(async (folder, index) => ({ folder, site: await openSite(portAt(1 + index)) })),
  );
  const hub = await startTestHub({ personality: 'stu3', port: portAt(4), ...(onMessage ? { onMessage } : {}) });
  const ehr = await startTestEhr({
    hub,
    port: portAt(5),
    clients: sites.map(({ folder, site }) => ({ clientId: APPS[folder], redirectUris: [`${site.origin}/app`] })),
  });
  const session = hub.openSession();

  const { host, origin } = new URL(hub.url);
  for (const { folder, site } of sites) {
    const app = servePages({
      root,
      folder,
      scripts,
      pages: { '/app': 'page.html' },
      launches: APPS[folder],
      connect: [new URL(ehr.fhirUrl).origin, origin, `ws://${host}`],
    });
    app.get('/launch.js', (_, response) => void response.type('text/javascript').send(scripts.get('shared/launch')));
    app.get('/measurements.css', (_, response) => response.sendFile(join(root, 'shared', 'measurements.css')));
    site.serve(app);
  }
  const pages = servePages({ root, folder: 'start', scripts, pages: { '/': 'page.html' } });
  // A fresh launch for every window: the browser follows into the app's launch page.
  pages.get('/launch/:app', ({ params }, response) => {
    const app = sites.find(({ folder }) => folder === params.app);
    if (!app) return void response.sendStatus(404);
    response.redirect(ehr.launchUrl(`${app.site.origin}/launch`, { session }));
  });
  start.serve(pages);

  return {
    url: `${start.origin}/`,
    async close() {
      for (const site of [start, ...sites.map((one) => one.site)]) site.close();
      await Promise.all([ehr.close(), hub.close()]);
    },
  };
}
