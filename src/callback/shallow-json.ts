/** What may be read. */
export interface ShallowLimits {
  /** The most characters. */
  readonly length: number;
  /** How deep objects and arrays may be in each other. Default: 2 */
  readonly depth?: number;
  /** How many members there may be. Default: 64 */
  readonly parts?: number;
}

/** Whether a quotation mark is written with a backslash, and ends no text. */
const isEscaped = (text: string, at: number): boolean => {
  let from = at;
  while (text[from - 1] === '\\') from--;
  return (at - from) % 2 === 1;
};

/** Goes through a text once, from mark to mark: a text in quotation marks is passed over as a whole. */
const isWithin = (text: string, depth: number, parts: number): boolean => {
  const marks = /["{}[\],]/g;
  let level = 0;
  let count = 0;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const [mark] = found;
    if (mark === '"') {
      let end = text.indexOf('"', marks.lastIndex);
      while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
      if (end < 0) return false;
      marks.lastIndex = end + 1;
    } else if (mark === '}' || mark === ']') level--;
    else {
      if (mark !== ',') level++;
      if (level > depth || ++count > parts) return false;
    }
  }
  return true;
};

/**
 * Parses a JSON object of few members, which come from outside and may be anything.
 *
 * @param text what should be one
 * @param limits what is read at most
 * @returns `undefined` when it is none, or more than that
 */
export function parseShallow(
  text: string,
  { length, depth = 2, parts = 64 }: ShallowLimits,
): Readonly<Record<string, unknown>> | undefined {
  if (text.length > length || !isWithin(text, depth, parts)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
