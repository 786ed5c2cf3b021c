import { shareContent } from 'fhircast-client/content';
import {
  FhircastProvider,
  SyncBanner,
  useContent,
  useContextChange,
  useFhircast,
  useFhircastEvent,
  usePatient,
  useSyncStatus,
} from 'fhircast-client/react';
import { StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ada, chart, clientOf, openSession, waitFor } from './support.tsx';

const Everything = () => {
  const { status } = useFhircast();
  const patient = usePatient();
  const sync = useSyncStatus({ smooth: true });
  const { isPending } = useContextChange();
  const { snapshot } = useContent(shareContent);
  useFhircastEvent('Home-open', () => {});
  return (
    <section>
      <SyncBanner />
      <p>{`${status} ${patient === undefined ? 'not known' : patient?.id} ${sync?.state} ${isPending} ${snapshot}`}</p>
    </section>
  );
};

const NOT_KNOWN = 'launching not known undefined false undefined';

it('renders on a server what is not known yet, and is hydrated without a mismatch', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => error.mockRestore());
  const { hub, session } = await openSession();
  const client = clientOf(hub, session, {});
  // A client that knows a patient already: the page has to begin as the server did.
  await client.on('Patient-open', () => {}).ready({ caughtUp: true });
  await session.publish('Patient-open', chart(ada));
  const app = (
    <StrictMode>
      <FhircastProvider client={client}>
        <Everything />
      </FhircastProvider>
    </StrictMode>
  );
  const html = renderToString(app);
  expect(html).toContain(`<p>${NOT_KNOWN}</p>`);
  const element = document.body.appendChild(document.createElement('main'));
  element.innerHTML = html;
  const recovered: unknown[] = [];
  const root = hydrateRoot(element, app, { onRecoverableError: (fault) => recovered.push(fault) });
  onTestFinished(() => {
    root.unmount();
    element.remove();
  });
  await waitFor(() => expect(element.textContent).toContain(`ready ${ada.id}`));
  expect(recovered).toEqual([]);
  expect(error.mock.calls).toEqual([]);
});

it('launches nothing on a server', async () => {
  const launch = vi.fn();
  const html = renderToString(
    <FhircastProvider launch={launch}>
      <Everything />
    </FhircastProvider>,
  );
  await new Promise((resolve) => setTimeout(resolve));
  expect(html).toContain(NOT_KNOWN);
  expect(launch).not.toHaveBeenCalled();
});
