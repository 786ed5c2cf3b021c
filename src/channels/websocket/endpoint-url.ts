import { isObject, parseBounded } from '../../events/json.ts';
import type { Habits } from '../../hub/dialect.ts';
import type { HttpAnswer } from '../../hub/http.ts';
import { isLoopback, parseUrl } from '../../web/url.ts';

const websocketUrl = (value: unknown): string | undefined =>
  typeof value === 'string' && /^wss?:\/\/[^\s#]+$/i.test(value.trim()) ? value.trim() : undefined;

/**
 * Finds the websocket URL in the answer to a subscription request: in STU3's JSON body, as a JSON string, as the plain body,
 * or in the header `Content-Location` of February 2020.
 *
 * @param answer the hub's answer
 * @returns `undefined` when there is none
 */
export function endpointOf(answer: HttpAnswer): string | undefined {
  let body: unknown = answer.text;
  try {
    const json = parseBounded(answer.text);
    body = isObject(json) ? json['hub.channel.endpoint'] : json;
  } catch {
    // Not JSON: some hubs answer with the bare URL.
  }
  return websocketUrl(body) ?? websocketUrl(answer.header('content-location'));
}

/**
 * What the answer to a subscription request tells of what is open: PowerCast has `contexts` beside the endpoint.
 *
 * @param answer the hub's answer
 * @returns as the hub wrote it; `undefined` when there is none
 */
export function contextsIn(answer: HttpAnswer): unknown {
  if (!answer.text.includes('"contexts"')) return undefined;
  try {
    const json = parseBounded(answer.text);
    return isObject(json) ? json.contexts : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The URL to connect to for an endpoint.
 *
 * @param endpoint as the hub gave it, or as the app named it where the app does that
 * @param hubUrl the hub's base URL
 * @param habits how the hub behaves
 */
export function socketUrlOf(endpoint: string, hubUrl: string, { bindPath, rewriteEndpoint }: Habits): string {
  const hub = new URL(hubUrl);
  const hubOrigin = hub.origin.replace(/^http/, 'ws');
  if (bindPath !== undefined) return `${hubOrigin}/${bindPath}/${endpoint}`;
  if (typeof rewriteEndpoint === 'function') return rewriteEndpoint(endpoint);
  const given = parseUrl(endpoint);
  // The sandbox hub of 2024 names the host of its configuration, often this machine, on which it is not.
  const isElsewhere = given && (rewriteEndpoint === 'hub-host' || (isLoopback(given) && !isLoopback(hub)));
  return isElsewhere ? hubOrigin + given.pathname + given.search : endpoint;
}
