import { isObject, type JsonObject } from '../events/notification.ts';
import { type HttpOptions, send } from './http.ts';
import type { Recorder } from './protocol.ts';
import { joinUrl } from './url.ts';

/** What a hub says of itself (STU3, Conformance). Hubs leave out what they like. */
export interface HubDiscovery {
  /** The events that the hub knows, as it spells them. */
  readonly eventsSupported: readonly string[] | undefined;
  /** Whether the hub has websockets. */
  readonly websocketSupport: boolean | undefined;
  /** Whether the hub has webhooks (STU2). */
  readonly webhookSupport: boolean | undefined;
  /** The version of FHIRcast. */
  readonly fhircastVersion: string | undefined;
  /** Whether the hub answers with the current context. */
  readonly supportsGetCurrentContext: boolean | undefined;
  /** The version of FHIR. */
  readonly fhirVersion: string | undefined;
}

const boolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const readDiscovery = (json: JsonObject): HubDiscovery => {
  const capabilities = isObject(json.capabilities) ? json.capabilities : {};
  const events = Array.isArray(json.eventsSupported) ? json.eventsSupported : undefined;
  return {
    eventsSupported: events?.filter((event) => typeof event === 'string'),
    websocketSupport: boolean(json.websocketSupport),
    webhookSupport: boolean(json.webhookSupport),
    fhircastVersion: string(json.fhircastVersion),
    supportsGetCurrentContext: boolean(capabilities.supportsGetCurrentContext ?? json.getCurrentSupport),
    fhirVersion: string(json.fhirVersion),
  };
};

/**
 * Reads a hub's discovery document.
 *
 * @param hubUrl the hub's base URL
 * @param options how to send the request
 * @param record takes a record of the exchange
 * @param signal ends the request
 * @returns `undefined` when the hub has none: it is optional, and hubs answer with 404, HTML or nothing at all
 */
export async function fetchDiscovery(
  hubUrl: string,
  options: HttpOptions,
  record: Recorder,
  signal: AbortSignal,
): Promise<HubDiscovery | undefined> {
  try {
    // No token: the document is public, and it need not be this hub that answers for it.
    const url = joinUrl(hubUrl, '.well-known/fhircast-configuration');
    const answer = await send(url, { headers: { Accept: 'application/json' }, signal }, options);
    record({ kind: 'discovery', direction: 'in', via: 'http', status: answer.status });
    const json: unknown = answer.ok ? JSON.parse(answer.text) : undefined;
    return isObject(json) ? readDiscovery(json) : undefined;
  } catch {
    return undefined;
  }
}
