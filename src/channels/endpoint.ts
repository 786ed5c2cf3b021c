import { isObject } from '../events/notification.ts';
import type { HttpAnswer } from '../hub/http.ts';

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
    const json: unknown = JSON.parse(answer.text);
    body = isObject(json) ? json['hub.channel.endpoint'] : json;
  } catch {
    // Not JSON: some hubs answer with the bare URL.
  }
  return websocketUrl(body) ?? websocketUrl(answer.header('content-location'));
}
