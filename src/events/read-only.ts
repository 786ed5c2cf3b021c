/** A type of which nothing can be changed, at whatever depth. What may be changed fits it, too. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/**
 * Freezes what was parsed, at every depth. What is frozen already is taken to be so at every depth.
 *
 * @param value of JSON. It may be nested so deeply that a function that calls itself would fail
 * @returns the same value
 */
export function deepFreeze<T>(value: T): T {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const part of Object.values(next)) if (typeof part === 'object') waiting.push(part);
  }
  return value;
}
