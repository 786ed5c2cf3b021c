import { eventParts } from './definitions.ts';
import { isCatalogued } from './names.ts';

/**
 * The resource types of FHIR R4, R4B and R5 as a Bloom filter of 2,048 bits: two bits of it are set for each type. A word that is no
 * type finds both set once in forty times, and passes. The list itself would weigh five times as much.
 */
const RESOURCES =
  '28500084452242000000204013091c01b200060086000c081808090240061e00000014400084018528080004002004112008001a14200020001c0000800940008002600f042078024020048480101800180010000011200401200121208418680000400120184441200040080000805920020b0040490480084230400442020403030000040400020234440418040201904001604008110224100008020840914000052e210823408201002801404308620852100053208200411001004008c2008140850000988201800009045e10000401380220844000002800a4082083008280684000002600002200012280200000000082000100240981008980202004';

const isSet = (bit: number): boolean => ((Number.parseInt(RESOURCES.charAt(bit >> 2), 16) >> (bit & 3)) & 1) === 1;

/** FNV-1a, of which two parts say which bits count. */
const isResource = (type: string): boolean => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < type.length; i++) hash = Math.imul(hash ^ type.charCodeAt(i), 0x01000193);
  return isSet(hash & 2047) && isSet((hash >>> 16) & 2047);
};

/**
 * Whether a name means something without a word of the hub's: it is in the catalogue, says what happened to a resource of FHIR, or is
 * somebody's own in reverse-domain notation.
 *
 * @param name the canonical name
 */
export const isKnownName = (name: string): boolean => {
  if (name === '*' || name === 'heartbeat' || name.includes('.') || isCatalogued(name)) return true;
  const parts = eventParts(name);
  return parts !== undefined && isResource(parts.resource);
};
