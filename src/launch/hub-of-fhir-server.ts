import { HubError, optionInvalid } from '../errors/errors.ts';
import { isObject, type JsonObject, parseBounded } from '../events/json.ts';
import { statusPasses } from '../hub/failures.ts';
import { hubError, send } from '../hub/http.ts';
import { checkOptions } from '../session/check-options.ts';
import { type DiscoverOptions, httpOptions } from '../session/options.ts';
import { joinUrl, urlFault } from '../web/url.ts';
import { checkHubUrl } from './parse-launch.ts';
import { isSameHub, onlyOne } from './same-session.ts';

/** STU3's name of the extension, STU2's, and that of STU3's ballot of 2024. They were published under several hosts. */
const CONFIGURATION =
  /(?:fhircast-configuration-extension|StructureDefinition\/fhircast-configuration(?:\/fhir-configuration)?)$/;

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The extensions of an element by the end of their URL. */
const extensionsOf = (element: JsonObject, url: RegExp): readonly JsonObject[] =>
  objectsIn(element.extension).filter((extension) => typeof extension.url === 'string' && url.test(extension.url));

/** Every hub that a CapabilityStatement names. */
const hubsIn = (statement: JsonObject): readonly string[] =>
  objectsIn(statement.rest)
    .flatMap((rest) => extensionsOf(rest, CONFIGURATION))
    .flatMap((configuration) => extensionsOf(configuration, /^hub\.url$/))
    .flatMap(({ valueUrl, valueUri }) => [valueUrl, valueUri])
    .filter((value) => typeof value === 'string' && value !== '') as string[];

const parseStatement = (text: string): JsonObject => {
  try {
    const json = parseBounded(text);
    if (isObject(json) && json.resourceType === 'CapabilityStatement') return json;
  } catch {
    // Said below: it is the same to the app.
  }
  throw new HubError('hub-answer-invalid', { at: 'CapabilityStatement' });
};

/**
 * Finds the hub of a FHIR server in its CapabilityStatement (STU2 and STU3, FHIR Capability Statement). The request carries no
 * token and no credentials: the document is public.
 *
 * @param fhirUrl the FHIR base URL, `iss` of a SMART launch: https, or http on this machine
 * @param options `fetch`, `requestTimeoutMs` and `allowInsecure` as for a client, and `signal`
 * @returns the hub's base URL, `undefined` when the server names none
 * @throws FhircastError `option-invalid` when the FHIR base URL or an option cannot be used; `aborted`
 * @throws LaunchError when the hub cannot be reached safely, or the server names several
 * @throws HubError when the server cannot be reached, refuses, or answers something else
 * @example
 * ```ts
 * const hubUrl = await hubOfFhirServer('https://ehr.example.org/fhir');
 * ```
 */
export async function hubOfFhirServer(fhirUrl: string, options: DiscoverOptions = {}): Promise<string | undefined> {
  checkOptions(options);
  const { allowInsecure = false, signal } = options;
  // Whoever is on the way could put a hub of his own into an unencrypted answer.
  if (urlFault(fhirUrl, 'http', allowInsecure)) throw optionInvalid('fhirUrl', 'an https URL');
  const headers = { Accept: 'application/fhir+json' };
  const answer = await send(joinUrl(fhirUrl, 'metadata'), { headers, signal: signal ?? null }, httpOptions(options));
  // There is no session yet that could be over, and no token whose scopes could be too few.
  if (!answer.ok) throw hubError(answer, statusPasses(answer.status) ? undefined : 'hub-refused');
  const hubs = hubsIn(parseStatement(answer.text));
  if (hubs.length === 0) return undefined;
  const hubUrl = onlyOne(hubs, 'hub.url', isSameHub);
  checkHubUrl(hubUrl, 'hub.url', allowInsecure);
  return hubUrl;
}
