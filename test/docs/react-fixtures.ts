import type { FhircastClient } from 'fhircast-client';
import { expect, vi } from 'vitest';
import { ada, bram, chart, type Fixture, launchPage, type Result, type Stage } from './stage.ts';

type Component = (props: never) => unknown;

/** Waits until something holds. A busy machine is slow. */
const waitFor = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, 20_000);

const text = () => document.body.textContent ?? '';
const shows = (what: string | RegExp | undefined) => waitFor(() => expect(text()).toMatch(what ?? 'nobody'));

/** A page that a SMART launch has led to, and what was logged in it. */
function page(stage: Stage): void {
  launchPage(stage);
  stage.later(() => document.body.replaceChildren());
}

/** Renders what a block declares, below a provider with a client. What only React knows is imported where there is a page. */
async function render(stage: Stage, component: unknown, props: object = {}, launches = true) {
  const { createElement } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const { FhircastProvider, useFhircast } = await import('fhircast-client/react');
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  let client: FhircastClient | undefined;
  const Client = () => {
    client = useFhircast().client;
    return null;
  };
  const draw = (props: object) => {
    const drawn = createElement(component as Component as () => null, props);
    const options = { subscriberName: 'Documented app', resends: 0 };
    root.render(launches ? createElement(FhircastProvider, { launch: options }, drawn, createElement(Client)) : drawn);
  };
  stage.later(() => root.unmount());
  draw(props);
  return { draw, client: () => client };
}

/** A block that declares one component. */
const component = (
  name: string,
  declarations: string,
  check: (stage: Stage, component: unknown, result: Result) => Promise<void>,
): Fixture => ({
  declarations,
  prepare: (stage) => {
    page(stage);
    return {};
  },
  check: (stage, result) => check(stage, result[name], result),
});

const inSync = (client: () => FhircastClient | undefined) =>
  waitFor(() => expect(client()?.syncStatus.state).toBe('in-sync'));

const STUDY = { resourceType: 'ImagingStudy', id: 's1', description: 'Chest' };
const REPORT = [
  { key: 'report', resource: { resourceType: 'DiagnosticReport', id: 'r1', status: 'unknown' } },
  { key: 'patient', resource: { resourceType: 'Patient', id: 'p1' } },
];
const LENGTH = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { text: 'length' },
  valueString: '12 mm',
};
const updates = {
  resourceType: 'Bundle',
  id: 'b1',
  type: 'transaction',
  entry: [{ request: { method: 'PUT', url: 'Observation/o1' }, resource: LENGTH }],
};

/** How the blocks of docs/react.md run. */
export const REACT_FIXTURES: Readonly<Record<string, Fixture>> = {
  'react-launch': {
    declarations: '',
    prepare: (stage) => {
      Object.assign(globalThis, { FHIR: { oauth2: { authorize: stage.spy('authorize') } } });
      stage.later(() => Reflect.deleteProperty(globalThis, 'FHIR'));
      return {};
    },
    check: ({ calls }) =>
      expect(calls.authorize).toMatchObject([
        { scope: 'launch fhircast/Patient-open.read fhircast/Patient-close.read', redirectUri: '/app' },
      ]),
  },
  'react-banner': {
    declarations: '',
    prepare: (stage) => {
      const body = document.body.appendChild(document.createElement('main'));
      page(stage);
      // The page goes on in its place in this document.
      return { document: { body } };
    },
    check: async ({ session }) => {
      await shows('No chart is open');
      await session.publish('Patient-open', chart(0));
      await shows(ada?.name?.[0]?.family);
      session.dropConnections();
      await session.publish('Patient-close', chart(0));
      await shows('No chart is open');
    },
  },
  'react-readme': {
    declarations: '',
    prepare: (stage) => {
      page(stage);
      return {};
    },
    check: async (stage, { App }) => {
      await render(stage, App, {}, false);
      await shows('No chart is open');
      await waitFor(() => expect(stage.session.subscriptions.map(({ active }) => active)).toEqual([true]));
      await stage.session.publish('Patient-open', chart(0));
      await shows(ada?.name?.[0]?.family);
    },
  },
  'react-own-launch': {
    declarations:
      "declare const trustedHub: string; declare function tokenOfTheMoment(): string; declare const page: import('react').ReactNode;",
    prepare: ({ hub, session, later }) => {
      const query = new URLSearchParams({ 'hub.url': hub.url, 'hub.topic': session.id });
      vi.stubGlobal('location', { href: `https://app.example.org/?${query}` });
      vi.stubGlobal('history', { replaceState: () => {} });
      later(() => vi.unstubAllGlobals());
      return { trustedHub: hub.url, tokenOfTheMoment: () => session.accessToken, page: 'the page' };
    },
    check: async (stage, { App }) => {
      await render(stage, App, {}, false);
      await shows('the page');
    },
  },
  'react-failed': component('Launched', '', async (stage, Launched) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    stage.later(() => warn.mockRestore());
    Object.assign(globalThis, { FHIR: { oauth2: { ready: async () => ({ state: { tokenResponse: {} } }) } } });
    await render(stage, Launched, { children: 'the app' });
    await shows(/^Please open this app from the chart again\. \S/);
    expect(warn).toHaveBeenCalledOnce();
  }),
  'react-study': component('StudyTitle', '', async (stage, StudyTitle) => {
    const { client } = await render(stage, StudyTitle);
    await inSync(client);
    await stage.session.publish('ImagingStudy-open', [{ key: 'study', resource: STUDY }]);
    await shows('Chest');
  }),
  'react-refuse': component('Dictation', '', async (stage, Dictation) => {
    const { client, draw } = await render(stage, Dictation, { isDictating: false });
    await inSync(client);
    await stage.session.publish('Patient-open', chart(0));
    await shows(ada?.name?.[0]?.family);
    draw({ isDictating: true });
    await waitFor(async () => {
      const { answers } = await stage.session.publish('Patient-open', chart(1));
      expect(answers.map(({ status }) => status)).toEqual([409]);
    });
    expect(text()).toBe(ada?.name?.[0]?.family);
  }),
  'react-change': component('OpenChart', '', async (stage, OpenChart) => {
    const { client } = await render(stage, OpenChart, { patient: bram });
    await waitFor(() => expect(client()).toBeDefined());
    await client()
      ?.on('Patient-open', (event) => event.refuse('not now'))
      .ready();
    document.querySelector('button')?.click();
    await shows('Documented app did not follow.');
  }),
  'react-words': component('Banner', '', async (stage, Banner) => {
    const { client } = await render(stage, Banner);
    await waitFor(() => expect(client()).toBeDefined());
    await client()
      ?.on('Patient-open', (event) => event.refuse('not now'))
      .ready();
    await stage.session.publish('Patient-open', chart(0));
    await shows('Nicht alle zeigen denselben Patienten.');
    expect(document.querySelector('[role=alert] p.banner')?.getAttribute('data-state')).toBe('refused');
    await client()?.unsubscribe();
    await shows('This application follows the other applications no more.');
  }),
  'react-dot': component('Dot', '', async (stage, Dot) => {
    const { client } = await render(stage, Dot);
    await waitFor(() => expect(client()).toBeDefined());
    client()?.on('Patient-open', () => {});
    await waitFor(() => expect(document.querySelector('span')?.className).toBe('in-sync'));
  }),
  'react-content': component('Measurements', '', async (stage, Measurements) => {
    const { client } = await render(stage, Measurements);
    await inSync(client);
    await stage.session.publish('DiagnosticReport-open', REPORT);
    await stage.session.publish('DiagnosticReport-update', [
      { key: 'report', reference: { reference: 'DiagnosticReport/r1' } },
      { key: 'updates', resource: updates },
    ]);
    await shows('12 mm');
    document.querySelector('button')?.click();
    await waitFor(() => expect(document.querySelector('[aria-pressed=true]')?.textContent).toBe('12 mm'));
  }),
};
