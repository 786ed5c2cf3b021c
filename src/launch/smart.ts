import { LaunchError } from '../errors/errors.ts';
import { isObject } from '../events/notification.ts';
import { loaded } from '../web/loaded-part.ts';
import { parseLaunch, tokenOf } from './parse-launch.ts';

/** What fhirclient keeps of a launch, as far as it is used. */
export interface FhirClientState {
  /** What the EHR's token endpoint gave. */
  readonly tokenResponse?: object | undefined;
  /** When the access token of the moment ends, in seconds since 1970. */
  readonly expiresAt?: number | undefined;
}

/** The part of fhirclient's `Client` that is used. */
export interface FhirClientLike {
  /** What fhirclient keeps of the launch. */
  readonly state: FhirClientState;
  /** Gets a new access token when the one that it has is about to end, and there is a refresh token. */
  refreshIfNeeded?(): Promise<unknown>;
  /** Gets a new access token. */
  refresh?(): Promise<unknown>;
}

/** A SMART token response, as the EHR's token endpoint gave it. */
export type TokenResponse = Readonly<Record<string, unknown>>;

/** Where a launch comes from: fhirclient's `Client`, or a token response, also as the JSON that it came in. */
export type LaunchSource = FhirClientLike | TokenResponse | string;

/** What a launch brought, and its access token as it is at the moment. */
export interface SmartLaunch {
  /** The token response at launch. */
  readonly response: unknown;
  /**
   * The access token of the moment. fhirclient renews it where it can.
   *
   * @param refused the token that the hub has just refused
   */
  accessToken(refused?: string): Promise<string | undefined>;
  /** How long the access token of the moment lasts from now, in seconds; `undefined` when nobody said so. */
  expiresIn(): number | undefined;
}

interface FhirClientModule {
  readonly oauth2?: { ready?: () => Promise<FhirClientLike> };
}

/** How runtimes and bundlers say that a package is not there at all. What is there may still not come. */
const NOT_INSTALLED = /cannot find|could not resolve|failed to resolve|does not resolve|not found/i;

/** fhirclient from a script tag, or from the package. */
const loadFhirClient = async (): Promise<FhirClientModule> => {
  const global = (globalThis as { FHIR?: FhirClientModule }).FHIR;
  if (global?.oauth2?.ready) return global;
  const module = (await loaded(import('fhirclient'), 'fhirclient', (cause) =>
    NOT_INSTALLED.test(String(cause)) ? 'launch-fhirclient-missing' : undefined,
  )) as unknown as FhirClientModule & { default?: FhirClientModule };
  return module.oauth2 ? module : (module.default ?? module);
};

const isClient = (source: LaunchSource): source is FhirClientLike =>
  isObject((source as Partial<FhirClientLike>).state);

/** The exchange that is under way, and by which function. */
let exchange: { readonly ready: unknown; readonly launched: Promise<FhirClientLike> } | undefined;

/**
 * fhirclient's `ready()`, once for all who ask while it is under way: React's StrictMode mounts twice, and an EHR takes a code
 * once. Afterwards fhirclient knows by itself what was exchanged.
 */
const readyOnce = (ready: () => Promise<FhirClientLike>): Promise<FhirClientLike> => {
  if (exchange?.ready === ready) return exchange.launched;
  const launched = Promise.resolve().then(ready);
  const made = { ready, launched };
  exchange = made;
  const over = () => {
    if (exchange === made) exchange = undefined;
  };
  launched.then(over, over);
  return launched;
};

/**
 * Completes a SMART launch.
 *
 * @param source fhirclient's `Client`, a token response, or nothing for fhirclient's `oauth2.ready()`
 * @throws LaunchError `launch-fhirclient-missing`, `launch-failed`
 */
export async function smartLaunch(source: LaunchSource | undefined): Promise<SmartLaunch> {
  let launched: LaunchSource;
  if (source) {
    launched = source;
  } else {
    const ready = (await loadFhirClient()).oauth2?.ready;
    if (!ready) throw new LaunchError('launch-fhirclient-missing');
    try {
      launched = await readyOnce(ready);
    } catch (cause) {
      throw new LaunchError('launch-failed', { cause });
    }
  }
  const response = () => (isClient(launched) ? launched.state.tokenResponse : launched);
  const current = (): string | undefined => {
    const now = response();
    // fhirclient puts a new one at the top.
    const token = isObject(now) ? now.access_token : undefined;
    return typeof token === 'string' ? token : tokenOf(now);
  };
  const givenAt = Date.now();
  return {
    response: response(),
    accessToken: async (refused) => {
      try {
        if (!isClient(launched)) return current();
        if (refused === undefined) await launched.refreshIfNeeded?.();
        else if (refused === current()) await launched.refresh?.();
      } catch {
        // Without a refresh token, or without the EHR, there is still the token of the launch: the hub says what it is worth.
      }
      return current();
    },
    expiresIn: () => {
      const expiresAt = isClient(launched) ? launched.state.expiresAt : undefined;
      if (typeof expiresAt === 'number') return expiresAt - Date.now() / 1000;
      const { expiresInSeconds } = parseLaunch(response(), true);
      return expiresInSeconds && expiresInSeconds - (Date.now() - givenAt) / 1000;
    },
  };
}
