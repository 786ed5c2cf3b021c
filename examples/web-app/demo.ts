import { type HubMessage, startTestEhr, startTestHub } from 'fhircast-client/testing';
import { MEASUREMENTS_PORTS, startMeasurements } from '../measurements/demo.ts';
import { startDictation } from './dictation/server.ts';
import { startEhrPage } from './ehr/server.ts';
import { startGrowthChart } from './growth/server.ts';
import { bundleScripts } from './pages.ts';
import { openSite } from './site.ts';
import { startViewer } from './viewer/server.ts';

/** The EHR's page, two apps, the hub and the EHR, what the measurements take, and the growth chart. */
export const DEMO_PORTS = 6 + MEASUREMENTS_PORTS;

/** How the demo is started. */
export interface DemoOptions {
  /** The port of the EHR's page; the other servers take the ports after it, {@link DEMO_PORTS} in all. Default free ones. */
  port?: number;
  /** Called with every message that the hub sees or sends. */
  onMessage?: (message: HubMessage) => void;
}

/** A running demo. */
export interface Demo {
  /** The one address to open. */
  readonly url: string;
  /** Stops everything. */
  close(): Promise<void>;
}

/**
 * Starts a hub, an EHR and three SMART apps, each on an origin of its own.
 *
 * @throws when a port is taken
 */
export async function startDemo({ port = 0, onMessage }: DemoOptions = {}): Promise<Demo> {
  const portAt = (index: number): number => (port === 0 ? 0 : port + index);
  const scripts = await bundleScripts();
  const ehrSite = await openSite(portAt(0));
  const viewerSite = await openSite(portAt(1));
  const dictationSite = await openSite(portAt(2));
  const growthSite = await openSite(portAt(5 + MEASUREMENTS_PORTS));

  const hub = await startTestHub({
    port: portAt(3),
    onMessage(message) {
      onMessage?.(message);
      if (message.kind === 'active' || message.kind === 'ended') ehrPage?.subscriptionsChanged();
    },
  });
  const ehr = await startTestEhr({
    hub,
    port: portAt(4),
    clients: [
      { clientId: 'Imaging viewer', redirectUris: [`${viewerSite.origin}/app`], launchParameters: 'stu' },
      { clientId: 'Dictation', redirectUris: [`${dictationSite.origin}/app`], launchParameters: 'draft' },
      { clientId: 'Growth chart', redirectUris: [`${growthSite.origin}/app`], launchParameters: 'stu' },
    ],
  });
  const session = hub.openSession();
  const measurements = await startMeasurements({ port: portAt(5), ...(onMessage ? { onMessage } : {}) });

  const common = { scripts, fhirUrl: ehr.fhirUrl, framedBy: ehrSite.origin };
  startViewer(viewerSite, { ...common, hubUrl: hub.url });
  startGrowthChart(growthSite, { scripts, fhirUrl: ehr.fhirUrl, hubUrl: hub.url });
  const dictation = startDictation(dictationSite, common);
  let ehrPage: Awaited<ReturnType<typeof startEhrPage>> | undefined;
  ehrPage = await startEhrPage(ehrSite, {
    scripts,
    hub,
    session,
    ehr,
    apps: { viewer: viewerSite.origin, dictation: dictationSite.origin, growth: growthSite.origin },
    measurementsUrl: measurements.url,
  });

  return {
    url: `${ehrSite.origin}/`,
    async close() {
      await Promise.allSettled([ehrPage.close(), dictation.close()]);
      for (const site of [ehrSite, viewerSite, dictationSite, growthSite]) site.close();
      await Promise.all([measurements.close(), ehr.close(), hub.close()]);
    },
  };
}
