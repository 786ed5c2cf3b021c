/**
 * Whether two values of JSON say the same, in whatever order their members are.
 *
 * @param one of JSON
 * @param other of JSON
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ours, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const keys = Object.keys(ours);
  return keys.length === Object.keys(theirs).length && keys.every((key) => isSameJson(ours[key], theirs[key]));
}

/**
 * Whether two resources say the same, but for their `meta`, which a server may write.
 *
 * @param one a resource
 * @param other a resource
 */
export const isSameResourceJson = (one: object, other: object): boolean =>
  isSameJson({ ...one, meta: 0 }, { ...other, meta: 0 });
