import type { FhircastEvent } from 'fhircast-client';

/** How events are printed. */
export interface LineOptions {
  readonly json?: boolean;
  /** With the resources, which are protected health information where patients are real. */
  readonly showContent?: boolean;
}

/** A hub's text, fit for one line of a terminal. */
const printable = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, 100);

/** JSON in which nothing is left that a terminal obeys, and no end of line. */
const json = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The types of the resources, each once. */
function typesOf({ context }: FhircastEvent): string[] {
  const types = context.flatMap(({ resource, reference }) => {
    const type = (resource as { resourceType?: unknown } | undefined)?.resourceType;
    const [named] = (reference as { reference?: string } | undefined)?.reference?.split('/') ?? [];
    return [type ?? named];
  });
  return [...new Set(types)].filter(
    (type): type is string => typeof type === 'string' && /^[A-Za-z]{1,40}$/.test(type),
  );
}

/**
 * One line about an event: when, its name, and the types of its resources. Neither ids nor names, unless the content is asked for.
 *
 * @param now for an event without a time that can be read
 */
export function eventLine(event: FhircastEvent, { json: asJson, showContent }: LineOptions, now = Date.now()): string {
  const time = new Date(event.time ?? now).toISOString();
  const resources = typesOf(event);
  const { source } = event;
  if (asJson) {
    const shown = showContent ? { id: event.id, context: event.context } : {};
    return json({ time, event: printable(event.name), resources, source, ...shown });
  }
  const columns = [
    time,
    printable(event.name).padEnd(24),
    resources.join(' '),
    source === 'resync' ? '(caught up)' : '',
  ];
  const line = columns
    .filter((column) => column !== '')
    .join(' ')
    .trimEnd();
  return showContent ? `${line} ${json(event.context)}` : line;
}
