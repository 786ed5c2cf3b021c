import type { ContextChangeOutcome, FhircastClient, SyncStatus } from 'fhircast-client';
import { type SharedContent, shareContent } from 'fhircast-client/content';
import {
  type ContextChanger,
  FhircastProvider,
  SyncBanner,
  useContent,
  useContextChange,
  useFhircast,
  useFhircastEvent,
  usePatient,
  useShownContext,
  useSyncStatus,
} from 'fhircast-client/react';
import { type ReactNode, StrictMode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { ada, bram, chart, clientOf, openSession, render, waitFor } from './support.tsx';

/** A provider in StrictMode, as apps are developed. */
const Given = ({ client, children }: { client: FhircastClient; children: ReactNode }) => (
  <StrictMode>
    <FhircastProvider client={client}>{children}</FhircastProvider>
  </StrictMode>
);

const Patient = () => <p>{usePatient()?.id}</p>;

describe('useShownContext()', () => {
  it('asks for the events that it is given, and keeps what was asked for when a component goes', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session);
    const Study = () => <p>{useShownContext(['ImagingStudy-open'])?.study?.id}</p>;
    const page = render(
      <Given client={client}>
        <Study />
      </Given>,
    );
    await waitFor(() => expect(client.syncStatus.state).toBe('in-sync'));
    await session.publish('ImagingStudy-open', [
      { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's1' } },
    ]);
    await waitFor(() => expect(page.text()).toBe('s1'));
    // Another page of the app, of which nothing listens.
    page.root.render(<Given client={client}>elsewhere</Given>);
    await waitFor(() => expect(page.text()).toBe('elsewhere'));
    const { answers } = await session.publish('ImagingStudy-open', [
      { key: 'study', resource: { resourceType: 'ImagingStudy', id: 's2' } },
    ]);
    expect(answers).toHaveLength(1);
    expect(client.shown?.study?.id).toBe('s2');
  });

  it('does not show what the app refused', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { subscriberName: 'Dictation' });
    const Refusing = () => {
      useFhircastEvent('Patient-open', (event) => {
        if (event.patient.id === bram.id) event.refuse('Dictation in progress');
      });
      return null;
    };
    const page = render(
      <Given client={client}>
        <Refusing />
        <Patient />
        <SyncBanner />
      </Given>,
    );
    await waitFor(() => expect(client.syncStatus.state).toBe('in-sync'));
    await session.publish('Patient-open', chart(ada));
    const { answers } = await session.publish('Patient-open', chart(bram));
    expect(answers.map(({ status }) => status)).toEqual([409]);
    await waitFor(() => expect(page.element.querySelector('[role=alert] p')?.textContent).toMatch(/^This application/));
    expect(page.element.querySelector('p')?.textContent).toBe(ada.id);
  });
});

describe('useFhircastEvent()', () => {
  it('calls the handler of the latest rendering, asks the hub once, and stops with the component', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { events: ['Patient-open'] });
    const heard: string[] = [];
    const Listening = ({ as }: { as: string }) => {
      useFhircastEvent('patient-open-chart', async ({ patient }) => void heard.push(`${as} ${patient.id}`));
      return <p>{as}</p>;
    };
    const app = (as: string) => (
      <Given client={client}>
        <Listening as={as} />
      </Given>
    );
    const page = render(app('first'));
    await client.ready();
    await session.publish('Patient-open', chart(ada));
    page.root.render(app('second'));
    await waitFor(() => expect(page.text()).toBe('second'));
    await session.publish('Patient-open', chart(bram));
    page.root.render(<Given client={client}>gone</Given>);
    await waitFor(() => expect(page.text()).toBe('gone'));
    await session.publish('Patient-open', chart(ada));
    expect(heard).toEqual([`first ${ada.id}`, `second ${bram.id}`]);
    expect(hub.log.filter(({ kind }) => kind === 'subscribe')).toHaveLength(1);
  });

  it("hears the client's own events too, and none of a client that has left", async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { events: ['Patient-open'] });
    const states: string[] = [];
    const Listening = () => {
      useFhircastEvent('state', ({ state }) => void states.push(state));
      return <p>{useFhircast().client?.state}</p>;
    };
    const app = (key: string) => (
      <Given client={client}>
        <Listening key={key} />
      </Given>
    );
    const page = render(app('1'));
    await client.ready();
    await client.unsubscribe();
    expect(states).toContain('closed');
    page.root.render(app('2'));
    await waitFor(() => expect(page.text()).toBe('closed'));
  });
});

describe('useSyncStatus()', () => {
  it('tells nothing of a short blink, and everything without `smooth`', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { events: ['Patient-open'], subscriberName: 'Growth chart' });
    const seen = {
      raw: [] as (string | undefined)[],
      smooth: [] as (string | undefined)[],
      short: [] as (string | undefined)[],
    };
    const Status = ({ name, smooth }: { name: keyof typeof seen; smooth: boolean | number }) => {
      const state = useSyncStatus({ smooth })?.state;
      if (seen[name].at(-1) !== state) seen[name].push(state);
      return null;
    };
    render(
      <Given client={client}>
        <Status name="raw" smooth={false} />
        <Status name="smooth" smooth={60_000} />
        <Status name="short" smooth={1} />
        <SyncBanner smooth={60_000} />
      </Given>,
    );
    await waitFor(() => expect(seen.raw.at(-1)).toBe('in-sync'));
    session.dropConnections();
    await waitFor(() => expect(seen.raw).toContain('disconnected'));
    await waitFor(() => expect(seen.raw.at(-1)).toBe('in-sync'));
    await waitFor(() => expect(seen.short.at(-1)).toBe('in-sync'));
    expect(seen.raw.slice(-3)).toEqual(['disconnected', 'behind', 'in-sync']);
    expect(seen.short).toContain('disconnected');
    expect(seen.smooth.filter((state) => state !== undefined)).toEqual(['in-sync']);
    // What does not pass by itself is told at once.
    await client.unsubscribe();
    await waitFor(() => expect(seen.smooth.at(-1)).toBe('disconnected'));
  });

  it('tells of what lasts, without an event that says so', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { events: ['Patient-open'] });
    const seen: (SyncStatus | undefined)[] = [];
    const Status = () => {
      seen.push(useSyncStatus({ smooth: 50 }));
      return null;
    };
    render(
      <Given client={client}>
        <Status />
        <SyncBanner smooth={50} className="banner" />
      </Given>,
    );
    await waitFor(() => expect(seen.at(-1)?.state).toBe('in-sync'));
    await hub.close();
    await waitFor(() => expect(seen.at(-1)).toMatchObject({ state: 'disconnected', reason: 'connection-lost' }));
    await waitFor(() =>
      expect(document.querySelector('[role=alert] p.banner[data-state=disconnected]')?.textContent).toMatch(
        /^No connection to the other applications since \d/,
      ),
    );
    expect(document.querySelector('[role=status]')?.textContent).toBe('');
  });
});

describe('useContextChange()', () => {
  it('changes the context, and tells what became of it', async () => {
    const { hub, session } = await openSession();
    const other = clientOf(hub, session, { subscriberName: 'Dictation', resends: 0 });
    await other.on('Patient-open', (event) => event.refuse('Dictation in progress')).ready();
    const client = clientOf(hub, session, { resends: 0 });
    let changer: ContextChanger | undefined;
    const seen: string[] = [];
    const Changing = () => {
      changer = useContextChange();
      const { isPending, result, outcome, error } = changer;
      const now = `${isPending} ${result?.accepted} ${outcome?.kind} ${error?.name}`;
      if (seen.at(-1) !== now) seen.push(now);
      return null;
    };
    const app = (client: FhircastClient) => (
      <Given client={client}>
        <Patient />
        <Changing />
      </Given>
    );
    const page = render(app(client));
    await waitFor(() => expect(client.syncStatus.state).toBe('in-sync'));
    const result = await changer?.change('Patient-open', { patient: ada });
    expect(result?.accepted).toBe(true);
    await waitFor(() => expect(changer?.outcome).toMatchObject<Partial<ContextChangeOutcome>>({ kind: 'sync-error' }));
    changer?.reset();
    await waitFor(() => expect(changer?.outcome).toBeUndefined());
    expect(await changer?.change('Patient-open', { patient: { resourceType: 'Patient' } })).toBeUndefined();
    await waitFor(() => expect(changer?.error).toMatchObject({ code: 'change-invalid' }));
    expect(seen).toEqual([
      'false undefined undefined undefined',
      'true undefined undefined undefined',
      'false true undefined undefined',
      'false true sync-error undefined',
      'false undefined undefined undefined',
      'false undefined undefined ContextChangeError',
    ]);
    // Of the client before, nothing is told.
    page.root.render(app(other));
    await waitFor(() => expect(changer?.error).toBeUndefined());
  });

  it('waits for the launch, and has its error', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    let fail = (_: Error) => {};
    const promise = new Promise<FhircastClient>((_, reject) => {
      fail = reject;
    });
    let changer: ContextChanger | undefined;
    const Changing = () => {
      changer = useContextChange();
      return null;
    };
    render(
      <FhircastProvider client={promise}>
        <Changing />
      </FhircastProvider>,
    );
    await waitFor(() => expect(changer).toBeDefined());
    const changing = changer?.change('Patient-open', { patient: ada });
    await waitFor(() => expect(changer?.isPending).toBe(true));
    fail(new Error('no launch'));
    expect(await changing).toBeUndefined();
    await waitFor(() => expect(changer?.error?.message).toBe('no launch'));
    warn.mockRestore();
  });
});

describe('useContent()', () => {
  const REPORT = [
    { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1', status: 'unknown' } },
    { key: 'patient', resource: ada },
  ];
  const measurement = {
    resourceType: 'Observation',
    id: 'o1',
    status: 'preliminary',
    code: { text: 'length' },
  } as const;

  it('shows what is shared, and changes it', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session);
    let content: SharedContent | undefined;
    const Measurements = () => {
      const { content: shared, snapshot } = useContent(shareContent);
      const { snapshot: other } = useContent(shared, { anchor: 'DiagnosticReport/r2' });
      content = shared;
      return <p>{`${snapshot?.resources('Observation').map(({ id }) => id)} ${other}`}</p>;
    };
    const page = render(
      <Given client={client}>
        <Measurements />
      </Given>,
    );
    await waitFor(() => expect(client.syncStatus.state).toBe('in-sync'));
    await session.publish('DiagnosticReport-open', REPORT);
    await waitFor(() => expect(page.text()).toBe(' null'));
    await content?.update({ put: measurement });
    await waitFor(() => expect(page.text()).toBe('o1 null'));
    await client.unsubscribe();
    await waitFor(() => expect(page.text()).toBe('undefined undefined'));
  });
});
