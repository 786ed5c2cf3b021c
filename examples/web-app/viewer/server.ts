import { type Scripts, servePages } from '../pages.ts';
import type { Site } from '../site.ts';

/** What the viewer's site needs to know. */
export interface ViewerOptions {
  readonly scripts: Scripts;
  readonly fhirUrl: string;
  readonly hubUrl: string;
  /** The EHR's page. */
  readonly framedBy: string;
}

/** Serves the viewer: pages alone, which do everything else themselves. */
export function startViewer(site: Site, { scripts, fhirUrl, hubUrl, framedBy }: ViewerOptions): void {
  const hub = new URL(hubUrl);
  site.serve(
    servePages({
      folder: 'viewer',
      scripts,
      pages: { '/app': 'page.html' },
      launches: 'Imaging viewer',
      connect: [new URL(fhirUrl).origin, hub.origin, `ws://${hub.host}`],
      framedBy,
    }),
  );
}
