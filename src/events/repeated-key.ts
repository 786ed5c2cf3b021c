/** The keys that tell which session an event is of, and what it is about. */
const KEYS = /"(?:event|context|hub\.(?:topic|event))"/g;

/**
 * Whether a text holds something as often as that. Every event is searched, so this looks for letters that are rare in JSON:
 * with the quotation mark in front it would take ten times as long.
 *
 * @param rare the letters
 * @param before the letter that is three places before them
 */
const holds = (text: string, rare: string, before: string, times: number): boolean => {
  let left = times;
  for (let at = text.indexOf(rare); at >= 0; at = text.indexOf(rare, at + 1)) {
    if (text[at - 3] === before && --left === 0) return true;
  }
  return false;
};

/**
 * Whether a message has a key twice that tells its session or what it is about. `JSON.parse` keeps the last of them, and a hub
 * may have looked at the first: nobody can tell which was meant.
 *
 * @param body the text
 * @param message what `JSON.parse` made of it
 */
export function hasRepeatedKey(body: string, message: unknown): boolean {
  // "hub. and context". An event that stands twice has two topics, or could not be followed anyway.
  if (!holds(body, 'b.', '"', 3) && !holds(body, 'xt"', 'n', 2)) return false;
  // Written anew, a message lacks what was repeated.
  return body.match(KEYS)?.length !== JSON.stringify(message).match(KEYS)?.length;
}
