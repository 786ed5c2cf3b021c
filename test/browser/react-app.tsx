import type { FhircastClient } from 'fhircast-client';
import { FhircastProvider, SyncBanner, useFhircast, usePatient } from 'fhircast-client/react';
import { StrictMode, startTransition, useState, version } from 'react';
import { createRoot } from 'react-dom/client';

/** What the test steers the app by, and learns of it. */
export interface ReactApp {
  /** Of React. */
  readonly version: string;
  /** The clients that components got. */
  readonly clients: FhircastClient[];
  /** Who could be seen at one moment, each when it was seen anew; `ada beside bram` for two. */
  readonly seen: string[];
  /** How many components have been rendered. */
  rendered: number;
  /** Mounts {@link CELLS} components in a transition. */
  mount(): void;
  unmount(): void;
}

const CELLS = 60;
/** React gives way every 5 ms of a transition. */
const RENDER_MS = 3;

const app: ReactApp = { version, clients: [], seen: [], rendered: 0, mount: () => {}, unmount: () => root.unmount() };

function Cell() {
  const patient = usePatient();
  app.rendered++;
  for (const until = performance.now() + RENDER_MS; performance.now() < until; );
  return <i>{patient === undefined ? 'not known' : (patient?.id ?? 'nobody')}</i>;
}

function Cells() {
  const { client } = useFhircast();
  const patient = usePatient();
  const [isMounted, setMounted] = useState(false);
  if (client && !app.clients.includes(client)) app.clients.push(client);
  app.mount = () => startTransition(() => setMounted(true));
  return (
    <>
      <h1>{patient === undefined ? 'not known' : (patient?.id ?? 'nobody')}</h1>
      <SyncBanner />
      {isMounted && Array.from({ length: CELLS }, (_, index) => <Cell key={String(index)} />)}
    </>
  );
}

const look = () => {
  const ids = [...document.querySelectorAll('i')].map(({ textContent }) => textContent);
  const together = [...new Set(ids)].join(' beside ');
  if (ids.length > 0 && app.seen.at(-1) !== together) app.seen.push(together);
};
new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });

const root = createRoot(document.body.appendChild(document.createElement('main')));
root.render(
  <StrictMode>
    <FhircastProvider launch={{ subscriberName: 'Growth chart' }}>
      <Cells />
    </FhircastProvider>
  </StrictMode>,
);
Object.assign(globalThis, { app });
