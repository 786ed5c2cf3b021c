import { isObject } from '../events/notification.ts';
import type { ContextForm } from './dialects/dialect.ts';

/**
 * The form in which a hub told the current context.
 *
 * @param body the exact text of an answer that could be read
 * @returns `undefined` for what no version of the specification describes, such as an empty body
 */
export function contextFormOf(body: string): ContextForm | undefined {
  const answer: unknown = body.trim() === '' ? undefined : JSON.parse(body);
  if (Array.isArray(answer)) return 'array';
  if (!isObject(answer)) return undefined;
  if (isObject(answer.event)) return Array.isArray(answer.event.context) ? 'envelope' : undefined;
  return 'context.type' in answer ? 'object' : undefined;
}
