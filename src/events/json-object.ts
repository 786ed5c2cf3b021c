/** A JSON object, of which nothing else is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Whether a value is a JSON object (and not an array or null).
 *
 * @param value anything
 */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The text of a value, which hubs write as a number too; `undefined` for nothing and for all else.
 *
 * @param value anything
 */
export const text = (value: unknown): string | undefined => {
  const string = typeof value === 'number' ? String(value) : value;
  return typeof string === 'string' && string !== '' ? string : undefined;
};
