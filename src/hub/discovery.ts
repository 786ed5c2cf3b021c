import { HubError } from '../errors/errors.ts';
import { isObject, type JsonObject, parseBounded } from '../events/json.ts';
import { joinUrl } from '../web/url.ts';
import { statusPasses } from './failures.ts';
import { type HttpAnswer, type HttpOptions, hubError, send } from './http.ts';
import type { Recorder } from './protocol-records.ts';

/** What a hub says of itself (STU2 and STU3, Conformance). Hubs leave out what they like. */
export interface HubDiscovery {
  /** The events that the hub knows, as it spells them. */
  readonly eventsSupported: readonly string[] | undefined;
  /** Whether the hub has websockets. */
  readonly websocketSupport: boolean | undefined;
  /** Whether the hub has webhooks (STU2). */
  readonly webhookSupport: boolean | undefined;
  /** The version of FHIRcast, such as `STU2` or `3.0.0`. */
  readonly fhircastVersion: string | undefined;
  /** Whether the hub answers with the current context. */
  readonly supportsGetCurrentContext: boolean | undefined;
  /** Whether content of a context can be changed that is open and not current (STU3, content sharing). */
  readonly supportsNonCurrentContextUpdates: boolean | undefined;
  /** The version of FHIR. */
  readonly fhirVersion: string | undefined;
}

const boolean = (value: unknown) => (typeof value === 'boolean' ? value : undefined);
const string = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** More than any hub says of itself. In characters. */
const DOCUMENT_LIMIT = 64 * 1024;
/** More than any hub knows. Each name that is subscribed to is looked for among them. */
const LISTED_EVENTS = 1_000;

const readDiscovery = (json: JsonObject): HubDiscovery => {
  const capabilities = isObject(json.capabilities) ? json.capabilities : {};
  const events = Array.isArray(json.eventsSupported) ? new Set(json.eventsSupported) : undefined;
  // Several clients may read the same.
  return Object.freeze({
    eventsSupported:
      events && Object.freeze([...events].filter((event) => typeof event === 'string').slice(0, LISTED_EVENTS)),
    websocketSupport: boolean(json.websocketSupport),
    webhookSupport: boolean(json.webhookSupport),
    fhircastVersion: string(json.fhircastVersion),
    supportsGetCurrentContext: boolean(capabilities.supportsGetCurrentContext ?? json.getCurrentSupport),
    supportsNonCurrentContextUpdates: boolean(capabilities.supportsNonCurrentContextUpdates),
    fhirVersion: string(json.fhirVersion),
  });
};

/**
 * Reads a hub's discovery document.
 *
 * @param hubUrl the hub's base URL
 * @param options how to send the request
 * @param record takes a record of the exchange
 * @param signal ends the request
 * @returns `undefined` when the hub has none: it is optional, and hubs answer with 404 and HTML
 * @throws HubError when the hub cannot be reached or fails
 */
export async function fetchDiscovery(
  hubUrl: string,
  options: HttpOptions,
  record: Recorder,
  signal: AbortSignal | undefined,
): Promise<HubDiscovery | undefined> {
  // No token: the document is public, and it need not be this hub that answers for it.
  const url = joinUrl(hubUrl, '.well-known/fhircast-configuration');
  const headers = { Accept: 'application/json' };
  record({ kind: 'discovery', direction: 'out', via: 'http' });
  let answer: HttpAnswer;
  try {
    answer = await send(url, { headers, signal: signal ?? null }, options);
  } catch (error) {
    // A redirect, or an answer of any size.
    if (error instanceof HubError && !error.retryable) return undefined;
    throw error;
  }
  record({ kind: 'discovery', direction: 'in', via: 'http', status: answer.status });
  if (statusPasses(answer.status)) throw hubError(answer);
  if (!answer.ok || answer.text.length > DOCUMENT_LIMIT) return undefined;
  try {
    const json = parseBounded(answer.text);
    return isObject(json) ? readDiscovery(json) : undefined;
  } catch {
    return undefined;
  }
}

/** What hubs said of themselves is remembered for so long. In milliseconds. */
const REMEMBERED_MS = 10 * 60 * 1000;
/** Few apps know more hubs. One that does must not fill the memory. */
const REMEMBERED_HUBS = 16;

const remembered = /* @__PURE__ */ new Map<string, { readonly discovery: HubDiscovery; readonly at: number }>();

/**
 * What is remembered of a hub's discovery document.
 *
 * @param hubUrl the hub's base URL
 * @param options how requests are sent: an app's own `fetch` may reach another hub by the same URL
 * @returns `undefined` when nothing is, or not any more
 */
export function rememberedDiscovery(hubUrl: string, { fetch }: HttpOptions): HubDiscovery | undefined {
  const known = fetch ? undefined : remembered.get(hubUrl);
  return known && Date.now() - known.at < REMEMBERED_MS ? known.discovery : undefined;
}

/**
 * Reads a hub's discovery document, and remembers it for ten minutes.
 *
 * @returns `undefined` when the hub has none
 * @throws HubError when the hub cannot be reached or fails
 */
export async function discoverOnce(
  ...[hubUrl, options, record, signal]: Parameters<typeof fetchDiscovery>
): Promise<HubDiscovery | undefined> {
  const known = rememberedDiscovery(hubUrl, options);
  if (known) return known;
  const discovery = await fetchDiscovery(hubUrl, options, record, signal);
  if (!discovery || options.fetch) return discovery;
  if (remembered.size >= REMEMBERED_HUBS) remembered.clear();
  remembered.set(hubUrl, { discovery, at: Date.now() });
  return discovery;
}
