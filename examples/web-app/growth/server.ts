import { type Scripts, servePages } from '../pages.ts';
import type { Site } from '../site.ts';

/** What the growth chart's site needs to know. */
export interface GrowthChartOptions {
  readonly scripts: Scripts;
  readonly fhirUrl: string;
  readonly hubUrl: string;
}

/** Serves the growth chart: pages alone. It has a window of its own, and nobody shows it in a frame. */
export function startGrowthChart(site: Site, { scripts, fhirUrl, hubUrl }: GrowthChartOptions): void {
  const hub = new URL(hubUrl);
  site.serve(
    servePages({
      folder: 'growth',
      scripts,
      pages: { '/app': 'page.html' },
      launches: 'Growth chart',
      connect: [new URL(fhirUrl).origin, hub.origin, `ws://${hub.host}`],
    }),
  );
}
