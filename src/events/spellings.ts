import { ALIASES } from './names.ts';

/**
 * Every published spelling of an event: STU3's, the lower case of STU1 and STU2, and those before.
 *
 * @param name a canonical name
 */
export function spellingsOf(name: string): readonly string[] {
  const older = Object.entries(ALIASES).flatMap(([alias, canonical]) => (canonical === name ? [alias] : []));
  return [...new Set([name, name.toLowerCase(), ...older])];
}
