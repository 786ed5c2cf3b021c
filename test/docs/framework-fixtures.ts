import { createEnvironmentInjector, type EnvironmentInjector, Injector, runInInjectionContext } from '@angular/core';
import { type CurrentContext, FhircastClient } from 'fhircast-client';
import type { Readable } from 'svelte/store';
import { expect, vi } from 'vitest';
import { effectScope, type ShallowRef } from 'vue';
import { ada, bram, chart, type Fixture, type Result, SOLID, type Stage } from './stage.ts';

type Shown = CurrentContext | null;

/** How a framework keeps the store that a block makes. */
interface Kept {
  /** What a component draws. */
  read(): Shown;
  /** The component is taken away. */
  dispose(): void;
}

/** Runs a block that declares a function which makes a store of a client. */
const framework = (keep: (result: Result, client: FhircastClient) => Promise<Kept>): Fixture => ({
  declarations: '',
  prepare: () => ({}),
  check: async ({ hub, session, later }: Stage, result) => {
    const { accessToken } = session;
    const client = new FhircastClient({ hubUrl: hub.url, topic: session.id, accessToken, events: ['Patient-open'] });
    later(() => client.unsubscribe());
    await client.ready({ caughtUp: true });
    const subscribe = vi.spyOn(client, 'subscribe' as never);
    const { read, dispose } = await keep(result, client);
    expect(read()).toBeNull();
    await session.publish('Patient-open', chart(0));
    expect(read()?.patient?.id).toBe(ada?.id);
    await session.publish('Patient-open', chart(1));
    expect(read()?.patient?.id).toBe(bram?.id);
    expect(subscribe).toHaveBeenCalledOnce();
    dispose();
    await session.publish('Patient-open', chart(0));
    expect(read()?.patient?.id).toBe(bram?.id);
  },
});

/** How the blocks of docs/frameworks.md run. */
export const FRAMEWORK_FIXTURES: Readonly<Record<string, Fixture>> = {
  vue: framework(async ({ useShown }, client) => {
    const scope = effectScope();
    const shown = scope.run(() => (useShown as (client: FhircastClient) => ShallowRef<Shown>)(client));
    return { read: () => shown?.value ?? null, dispose: () => scope.stop() };
  }),
  svelte: framework(async ({ shownOf }, client) => {
    const store = (shownOf as (client: FhircastClient) => Readable<Shown>)(client);
    let shown: Shown = null;
    const dispose = store.subscribe((value) => {
      shown = value;
    });
    return { read: () => shown, dispose };
  }),
  angular: framework(async ({ injectShown }, client) => {
    const parent = Injector.create({ providers: [] }) as EnvironmentInjector;
    const injector = createEnvironmentInjector([], parent);
    const shown = runInInjectionContext(injector, () =>
      (injectShown as (client: FhircastClient) => () => Shown)(client),
    );
    return { read: () => shown(), dispose: () => injector.destroy() };
  }),
  solid: framework(async ({ createShown }, client) => {
    const { createRoot } = (await import(SOLID)) as typeof import('solid-js');
    return createRoot((dispose) => ({
      read: (createShown as (client: FhircastClient) => () => Shown)(client),
      dispose,
    }));
  }),
};
