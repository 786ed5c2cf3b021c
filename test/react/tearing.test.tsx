import type { FhircastClient } from 'fhircast-client';
import { FhircastProvider, useFhircast, usePatient } from 'fhircast-client/react';
import { startTransition, useEffect, useReducer, useState } from 'react';
import { expect, it } from 'vitest';
import { ada, bram, chart, clientOf, openSession, render, waitFor } from './support.tsx';

const CELLS = 60;
/** How long each component takes to render: React gives way to other work every 5 ms of a transition. */
const RENDER_MS = 2;

/** What a hand-written hook often does: it reads in each rendering, and renders again when something changed. */
function useNaively(): string | undefined {
  const { client } = useFhircast();
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => client?.subscribe(renderAgain), [client]);
  return client?.shown?.patient?.id;
}

const useProperly = (): string | undefined => usePatient()?.id;

/** Mounts 60 slow components in a transition while the patient changes, and returns all that a user could see at one moment. */
async function watch(usePatientId: () => string | undefined): Promise<string[]> {
  const { hub, session } = await openSession();
  const client: FhircastClient = clientOf(hub, session, { events: ['Patient-open'] });
  await client.ready({ caughtUp: true });
  await session.publish('Patient-open', chart(ada));
  let started = 0;
  const Cell = () => {
    const id = usePatientId();
    started++;
    for (const until = performance.now() + RENDER_MS; performance.now() < until; );
    return <i>{id}</i>;
  };
  let mount = (_: boolean) => {};
  const Cells = () => {
    const [isMounted, setMounted] = useState(false);
    mount = setMounted;
    return isMounted ? Array.from({ length: CELLS }, (_, index) => <Cell key={String(index)} />) : <b>nothing</b>;
  };
  const page = render(
    <FhircastProvider client={client}>
      <Cells />
    </FhircastProvider>,
  );
  await waitFor(() => expect(page.text()).toBe('nothing'));
  const seen: string[] = [];
  const look = () => {
    const ids = [...page.element.querySelectorAll('i')].map(({ textContent }) => textContent);
    const together = [...new Set(ids)].join(' beside ');
    if (ids.length > 0 && seen.at(-1) !== together) seen.push(together);
  };
  const observer = new window.MutationObserver(look);
  observer.observe(page.element, { childList: true, subtree: true, characterData: true });
  startTransition(() => mount(true));
  // In the middle of the rendering.
  await waitFor(() => expect(started).toBeGreaterThan(5), 1);
  expect(page.text()).toBe('nothing');
  await session.publish('Patient-open', chart(bram));
  await waitFor(() => {
    look();
    expect(seen).not.toEqual([]);
  });
  expect(client.shown?.patient?.id).toBe(bram.id);
  observer.disconnect();
  return seen;
}

it('60 components never show two patients', async () => {
  expect(await watch(useProperly)).toEqual([bram.id]);
});

it('would be found out if they did', async () => {
  expect(await watch(useNaively)).toContain(`${ada.id} beside ${bram.id}`);
});
