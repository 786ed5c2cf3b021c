import { isObject } from '../events/notification.ts';
import type { ContextForm } from './dialect.ts';

/**
 * The form in which a hub told the current context. A list of contexts names their types as STU3's object does, and nobody
 * answers so who keeps none.
 *
 * @param body the exact text of an answer that could be read
 * @returns `undefined` for what no version of the specification describes, such as an empty body
 */
export function contextFormOf(body: string): ContextForm | undefined {
  const answer: unknown = body.trim() === '' ? undefined : JSON.parse(body.trim());
  if (Array.isArray(answer)) return isObject(answer[0]) && answer[0].key === undefined ? 'object' : 'array';
  if (!isObject(answer)) return undefined;
  if (isObject(answer.event)) return Array.isArray(answer.event.context) ? 'envelope' : undefined;
  return 'context.type' in answer || 'contexts' in answer ? 'object' : undefined;
}
