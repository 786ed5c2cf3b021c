import { type FhircastClient, LaunchError } from 'fhircast-client';
import { FhircastProvider, useFhircast, usePatient, useShownContext } from 'fhircast-client/react';
import { StrictMode, Suspense, version } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ada, bram, chart, clientOf, openSession, render, waitFor } from './support.tsx';

const Patient = () => {
  const patient = usePatient();
  return <p>{patient === undefined ? 'not known' : (patient?.id ?? 'nobody')}</p>;
};

const Status = () => {
  const { status, error } = useFhircast();
  return <p>{`${status} ${error?.name ?? ''}`}</p>;
};

const show = (rendered: { text(): string }, text: string | undefined) =>
  waitFor(() => expect(rendered.text()).toBe(text));

/** What fhirclient leaves in a page after its SMART launch. */
function launchPage(tokenResponse: object): { launches: number } {
  const counted = { launches: 0 };
  const ready = async () => {
    counted.launches++;
    return { state: { tokenResponse } };
  };
  vi.stubGlobal('FHIR', { oauth2: { ready } });
  return counted;
}

afterEach(() => vi.unstubAllGlobals());

it('runs on the React that it should', () => {
  expect(version.split('.')[0]).toBe(process.env.FHIRCAST_REACT ?? '19');
});

describe('a provider with a client', () => {
  it('asks for what the hooks need, once, and shows the patient', async () => {
    const { hub, session } = await openSession();
    const page = render(
      <FhircastProvider client={clientOf(hub, session)}>
        <Patient />
      </FhircastProvider>,
    );
    expect(page.text()).toBe('');
    await show(page, 'nobody');
    expect(hub.log.filter(({ kind }) => kind === 'subscribe')).toHaveLength(1);
    expect(session.subscriptions.map(({ events }) => [...events].sort())).toEqual([
      ['Patient-close', 'Patient-open', 'SyncError'],
    ]);
    await session.publish('Patient-open', chart(ada));
    await show(page, ada.id);
    await session.publish('Patient-close', chart(ada));
    await show(page, 'nobody');
  });

  it('leaves the client to the app', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session, { events: ['Patient-open'] });
    const page = render(
      <FhircastProvider client={client}>
        <Patient />
      </FhircastProvider>,
    );
    await show(page, 'nobody');
    page.root.unmount();
    await client.ready();
    expect(client.state).toBe('active');
  });

  it('shows nothing of the client before, nor of a session that was left', async () => {
    const one = await openSession();
    const other = await openSession();
    const first = clientOf(one.hub, one.session);
    const second = clientOf(other.hub, other.session);
    const seen: string[] = [];
    const Seen = ({ of }: { of: FhircastClient }) => {
      seen.push(`${of === first ? 'first' : 'second'}: ${useShownContext()?.patient?.id}`);
      return <Patient />;
    };
    const app = (client: FhircastClient) => (
      <FhircastProvider client={client}>
        <Seen of={client} />
      </FhircastProvider>
    );
    const page = render(app(first));
    await show(page, 'nobody');
    await one.session.publish('Patient-open', chart(ada));
    await show(page, ada.id);
    page.root.render(app(second));
    await show(page, 'nobody');
    expect(seen).not.toContain(`second: ${ada.id}`);
    await other.session.publish('Patient-open', chart(bram));
    await show(page, bram.id);
    // The first one has nobody left who listens.
    await waitFor(() => expect(one.session.subscriptions).toEqual([]));
    await second.unsubscribe();
    await show(page, 'not known');
  });

  it('takes a promise, also one that another provider has waited for', async () => {
    const { hub, session } = await openSession();
    const promise = Promise.resolve(clientOf(hub, session));
    const app = (
      <FhircastProvider client={promise}>
        <Status />
      </FhircastProvider>
    );
    const page = render(app);
    await show(page, 'ready ');
    const seen = render(app);
    await show(seen, 'ready ');
  });

  it('takes what is not there yet', async () => {
    const { hub, session } = await openSession();
    const page = render(
      <FhircastProvider client={undefined}>
        <Status />
      </FhircastProvider>,
    );
    await show(page, 'launching ');
    page.root.render(
      <FhircastProvider client={clientOf(hub, session)}>
        <Status />
      </FhircastProvider>,
    );
    await show(page, 'ready ');
  });

  it('has an error that can be drawn, and tells developers', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const secret = 'Ada Quill';
    const promise = Promise.reject(new TypeError(secret));
    promise.catch(() => {});
    const page = render(
      <FhircastProvider client={promise}>
        <Status />
      </FhircastProvider>,
    );
    await show(page, 'failed TypeError');
    expect(warn.mock.calls).toEqual([['fhircast-client: The launch failed.']]);
  });

  it('keeps two providers apart', async () => {
    const one = await openSession();
    const other = await openSession();
    const page = render(
      <>
        <FhircastProvider client={clientOf(one.hub, one.session)}>
          <Patient />
        </FhircastProvider>
        <FhircastProvider client={clientOf(other.hub, other.session)}>
          <Patient />
        </FhircastProvider>
      </>,
    );
    await show(page, 'nobodynobody');
    await one.session.publish('Patient-open', chart(ada));
    await other.session.publish('Patient-open', chart(bram));
    await show(page, `${ada.id}${bram.id}`);
  });
});

it('tells a developer who has asked for nothing', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => {
    warn.mockRestore();
    vi.useRealTimers();
  });
  const { hub, session } = await openSession();
  const Nothing = () => <p>{String(useShownContext())}</p>;
  const page = render(
    <FhircastProvider client={clientOf(hub, session)}>
      <Nothing />
    </FhircastProvider>,
  );
  await vi.waitUntil(() => page.text() === 'undefined');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no-events'));
});

describe('a provider that launches', () => {
  it('launches once under StrictMode, and leaves when it is unmounted', async () => {
    const { hub, session } = await openSession();
    const page = launchPage(session.launch());
    const made: FhircastClient[] = [];
    const Client = () => {
      const { client } = useFhircast();
      if (client && !made.includes(client)) made.push(client);
      return <Patient />;
    };
    const app = (name: string) => (
      <StrictMode>
        <FhircastProvider launch={{ subscriberName: name }}>
          <Client />
        </FhircastProvider>
      </StrictMode>
    );
    const rendered = render(app('Growth chart'));
    await show(rendered, 'nobody');
    rendered.root.render(app('Another name'));
    await session.publish('Patient-open', chart(ada));
    await show(rendered, ada.id);
    expect(page.launches).toBe(1);
    expect(made).toHaveLength(1);
    expect(hub.log.filter(({ kind }) => kind === 'subscribe')).toMatchObject([{ subscriber: 'Growth chart' }]);
    rendered.root.unmount();
    await waitFor(() => expect(session.subscriptions).toEqual([]));
    expect(made[0]?.state).toBe('closed');
  });

  it('launches once where React throws a first rendering away', async () => {
    const { hub, session } = await openSession();
    const launch = vi.fn(() => clientOf(hub, session));
    let isLoaded = false;
    const loading = Promise.resolve().then(() => {
      isLoaded = true;
    });
    const Lazy = () => {
      if (!isLoaded) throw loading;
      return <Patient />;
    };
    const page = render(
      <StrictMode>
        <Suspense fallback="loading">
          <FhircastProvider launch={launch}>
            <Lazy />
          </FhircastProvider>
        </Suspense>
      </StrictMode>,
    );
    await show(page, 'nobody');
    expect(launch).toHaveBeenCalledOnce();
    expect(hub.log.filter(({ kind }) => kind === 'subscribe')).toHaveLength(1);
  });

  it('leaves what was launched after it had gone', async () => {
    const { hub, session } = await openSession();
    const client = clientOf(hub, session);
    let launched = (_: FhircastClient) => {};
    const promise = new Promise<FhircastClient>((resolve) => {
      launched = resolve;
    });
    const launching = vi.fn(() => promise);
    const page = render(
      <FhircastProvider launch={launching}>
        <Patient />
      </FhircastProvider>,
    );
    await waitFor(() => expect(launching).toHaveBeenCalledOnce());
    page.root.unmount();
    await new Promise((resolve) => setTimeout(resolve));
    launched(client);
    await waitFor(() => expect(client.state).toBe('closed'));
  });

  it('takes another key for another launch', async () => {
    const { hub, session } = await openSession();
    const clients: FhircastClient[] = [];
    const launch = () => {
      const client = clientOf(hub, session);
      clients.push(client);
      return client;
    };
    const app = (key: string) => (
      <StrictMode>
        <FhircastProvider key={key} launch={launch}>
          <Patient />
        </FhircastProvider>
      </StrictMode>
    );
    const page = render(app('1'));
    await show(page, 'nobody');
    expect(clients).toHaveLength(1);
    page.root.render(app('2'));
    await waitFor(() => expect(clients.map(({ state }) => state)).toEqual(['closed', 'active']));
    await show(page, 'nobody');
  });

  it('says why a launch failed', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    launchPage({ access_token: 'a-token' });
    const errors: unknown[] = [];
    const Failed = () => {
      const { error } = useFhircast();
      if (error) errors.push(error);
      return <Status />;
    };
    const page = render(
      <FhircastProvider launch={{}}>
        <Failed />
      </FhircastProvider>,
    );
    await show(page, 'failed LaunchError');
    expect(errors[0]).toBeInstanceOf(LaunchError);
    expect(warn).toHaveBeenCalledExactlyOnceWith(`fhircast-client: ${(errors[0] as Error).message}`);
  });
});

it('tells a hook without a provider what it needs', () => {
  expect(() => renderToString(<Patient />)).toThrow('usePatient() needs a <FhircastProvider> above it.');
});
