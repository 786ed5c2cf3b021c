import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { FhircastClient } from '../client.ts';
import type { SmartLaunchOptions } from '../session/options.ts';
import { ClientSource, type FhircastState, LAUNCHING, type Launch } from './client-source.ts';

/** What {@link FhircastProvider} takes: a client that the app has, or how to launch one. */
export type FhircastProviderProps = {
  /** What can use the hooks. */
  readonly children?: ReactNode;
} & (
  | {
      /**
       * The app's own client, or a promise of it; `undefined` until there is one. The app ends it. Another client replaces it at once. A
       * promise has to be the same at each rendering: make it outside of the components.
       */
      readonly client: FhircastClient | Promise<FhircastClient> | undefined;
      /** The client is there already. */
      readonly launch?: never;
    }
  | {
      /**
       * Launches once, when the provider is mounted, and leaves the session when it is unmounted: the options of
       * `FhircastClient.fromSmartLaunch()`, or a function that makes a client. What it is at a later rendering makes no difference: another
       * `key` launches anew.
       */
      readonly launch: SmartLaunchOptions | (() => FhircastClient | Promise<FhircastClient>);
      /** It is launched. */
      readonly client?: never;
    }
);

const SourceContext = /* @__PURE__ */ createContext<ClientSource | undefined>(undefined);

/**
 * Gives a client to the hooks below it. Two providers beside each other know nothing of each other; of two, one in the other, the
 * nearer one counts. On a server nothing is launched, and the hooks say that nothing is known yet.
 *
 * @example
 * ```tsx
 * <FhircastProvider launch={{ subscriberName: 'Growth chart' }}>
 *   <App />
 * </FhircastProvider>
 * ```
 */
export function FhircastProvider({ children, client, launch }: FhircastProviderProps): ReactElement {
  const [launched] = useState(() => new ClientSource());
  const given = useMemo(() => new ClientSource(client), [client]);
  const launches = launch !== undefined;
  const first = useRef(launch);
  const source = launches ? launched : given;
  // React's StrictMode runs effects twice, and none of a rendering that it throws away: a launch belongs here.
  useEffect(() => {
    if (launches) return launched.launch(asLaunch(first.current));
  }, [launched, launches]);
  const { client: known } = useSourceState(source);
  // In one breath with the effects of those below: the hub is asked once for all of them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another client is listened to anew
  useEffect(() => source.mount(), [source, known]);
  return createElement(SourceContext.Provider, { value: source }, children);
}

const asLaunch = (launch: FhircastProviderProps['launch']): Launch =>
  typeof launch === 'function' ? launch : () => FhircastClient.fromSmartLaunch(undefined, launch);

const launching = (): FhircastState => LAUNCHING;

/** How far the client of a source is. */
export const useSourceState = (source: ClientSource): FhircastState =>
  useSyncExternalStore(source.subscribe, () => source.state, launching);

/**
 * What the nearest provider offers.
 *
 * @param hook who asks, for the error
 * @throws Error where there is no provider
 */
export function useSource(hook: string): ClientSource {
  const source = useContext(SourceContext);
  if (!source) throw new Error(`${hook} needs a <FhircastProvider> above it.`);
  return source;
}
