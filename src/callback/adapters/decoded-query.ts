/** What a value must not be without its encoding. */
const encoded = (value: string): string => encodeURI(value).replace(/[&+#]/g, encodeURIComponent);

/**
 * Writes a query again that a framework has decoded. Hubs that put theirs behind ours without a separator are recognized by
 * how ours is written: so whatever may stand in a value stays as it is, above all the sign of equality.
 *
 * @param parameters names and values, decoded
 */
export const writtenAgain = (parameters: Iterable<readonly [string, string]>): string =>
  Array.from(parameters, ([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`).join('&');
