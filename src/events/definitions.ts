/** What an event's context may hold under one key. */
export interface KeyDefinition {
  /** The key, in the spelling of STU3. */
  readonly key: string;
  /** The resource type in any case, or `reference` where the entry holds a reference in place of a resource. */
  readonly type: string;
  /** Whether an event without it deviates. */
  readonly required: boolean;
  /** Whether several entries may have this key. */
  readonly many: boolean;
}

const key = (name: string, type: string, cardinality: '1' | '0..1' | '0..*'): KeyDefinition => ({
  key: name,
  type,
  required: cardinality === '1',
  many: cardinality === '0..*',
});

const PATIENT = /* @__PURE__ */ key('patient', 'Patient', '1');
const PATIENT_OPTIONAL = /* @__PURE__ */ key('patient', 'Patient', '0..1');
const ENCOUNTER_OPTIONAL = /* @__PURE__ */ key('encounter', 'Encounter', '0..1');
// Older versions have none, and nobody is kept from logging out by what is in it.
const PARAMETERS = /* @__PURE__ */ key('parameters', 'Parameters', '0..*');
const REPORT_REFERENCE = /* @__PURE__ */ key('report', 'reference', '1');
const PATIENT_REFERENCE = /* @__PURE__ */ key('patient', 'reference', '0..1');

// A Map, and not an object: names come from hubs, and `constructor` is a name too.
const DEFINITIONS = /* @__PURE__ */ new Map<string, readonly KeyDefinition[]>([
  ['patient', [PATIENT, ENCOUNTER_OPTIONAL]],
  ['encounter', [key('encounter', 'Encounter', '1'), PATIENT]],
  ['imagingstudy', [key('study', 'ImagingStudy', '1'), PATIENT_OPTIONAL, ENCOUNTER_OPTIONAL]],
  [
    'diagnosticreport',
    [key('report', 'DiagnosticReport', '1'), PATIENT, key('study', 'ImagingStudy', '0..*'), ENCOUNTER_OPTIONAL],
  ],
  ['diagnosticreport-update', [REPORT_REFERENCE, PATIENT_REFERENCE, key('updates', 'Bundle', '1')]],
  ['diagnosticreport-select', [REPORT_REFERENCE, PATIENT_REFERENCE, key('select', 'reference', '0..*')]],
  ['syncerror', [key('operationoutcome', 'OperationOutcome', '1')]],
  ['userlogout', [PARAMETERS]],
  ['userhibernate', [PARAMETERS]],
]);

/** Events about no resource: the other names of the table are resource types. */
const INFRASTRUCTURE = /* @__PURE__ */ new Set(['syncerror', 'userlogout', 'userhibernate']);

/** What `<Resource>-<verb>` says, in lower case. */
export interface EventParts {
  /** The resource type in lower case. */
  readonly resource: string;
  /** What happened to it. */
  readonly verb: 'open' | 'close' | 'update' | 'select';
}

/** Names come again and again, and few of them. A hub that makes up names without end must not fill the memory. */
const KNOWN_NAMES = 256;
const known = /* @__PURE__ */ new Map<string, ReturnType<typeof look>>();

const look = (name: string): { parts: EventParts | undefined; definition: readonly KeyDefinition[] | undefined } => {
  const lower = name.toLowerCase();
  const [, resource, verb] = /^(?!home-)([a-z]+)-(open|close|update|select)$/.exec(lower) ?? [];
  const parts = resource ? ({ resource, verb } as EventParts) : undefined;
  if (!resource || (verb !== 'open' && verb !== 'close')) {
    return { parts, definition: parts || INFRASTRUCTURE.has(lower) ? DEFINITIONS.get(lower) : undefined };
  }
  return { parts, definition: DEFINITIONS.get(resource) ?? [key(resource, resource, '1'), PATIENT_OPTIONAL] };
};

const knownEvent = (name: string) => {
  let found = known.get(name);
  if (!found) {
    if (known.size >= KNOWN_NAMES) known.clear();
    found = look(name);
    known.set(name, found);
  }
  return found;
};

/**
 * Splits an event's canonical name.
 *
 * @param name the canonical name
 * @returns `undefined` for names that are not `<Resource>-open|close|update|select`
 */
export const eventParts = (name: string): EventParts | undefined => knownEvent(name).parts;

/**
 * What an event's context should hold (STU3, event catalogue).
 *
 * @param name the canonical name
 * @returns the keys, the anchor's first, or `undefined` when no definition is known (proprietary events, Home-open)
 */
export const contextDefinition = (name: string): readonly KeyDefinition[] | undefined => knownEvent(name).definition;

/**
 * The context key under which an anchor's own resource is found.
 *
 * @param resource the resource type in any case
 */
export function anchorKey(resource: string): string {
  const lower = resource.toLowerCase();
  return DEFINITIONS.get(lower)?.[0]?.key ?? lower;
}

/** Keys that hubs in the field use for a key of the catalogue (the .NET sandbox: `imagingstudy`; PowerCast: `bundle`). */
const KEY_ALIASES = /* @__PURE__ */ new Map([
  ['imagingstudy', 'study'],
  ['diagnosticreport', 'report'],
  ['bundle', 'updates'],
]);

/**
 * The catalogue's spelling of a context key.
 *
 * @param key the key as it was sent
 */
export function canonicalKey(key: string): string {
  const lower = key.toLowerCase();
  return KEY_ALIASES.get(lower) ?? lower;
}
