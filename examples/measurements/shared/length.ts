import type { Observation } from 'fhir/r4';
import type { DeepReadonly } from 'fhircast-client';

/** A point of the image, in pixels. */
export type Point = readonly [x: number, y: number];
/** Both ends of a line on the image. */
export type Ends = readonly [from: Point, to: Point];

/** A length as it is shown. */
export interface Length {
  readonly id: string;
  /** The value with its unit, such as `12.4 mm`. */
  readonly value: string;
  /** What a clinician wrote; may be empty. */
  readonly label: string;
  /** Where it is on the image; `undefined` for one that another application measured. */
  readonly ends: Ends | undefined;
  /** The shared resource, which nothing is taken away from when it is changed. */
  readonly resource: DeepReadonly<Observation>;
}

/** How large a pixel of the image is, in millimetres. */
const PIXEL_MM = 0.5;
/** Names the component of an observation that says where the ends are. */
const ENDS = 'Ends on the image in pixels';
const NUMBERS = /^(\d{1,4}) (\d{1,4}) (\d{1,4}) (\d{1,4})$/;
/** Longer ones are cut: nobody reads them in a line. */
export const LONGEST_LABEL = 80;

/** How long a line on the image is, in millimetres. */
export const millimetres = ([[ax, ay], [bx, by]]: Ends): number =>
  Math.round(Math.hypot(bx - ax, by - ay) * PIXEL_MM * 10) / 10;

/**
 * Makes the resource of a new length.
 *
 * @param subject the patient, as `Patient/p1`
 * @param study the study, as `ImagingStudy/s1`
 */
export function newObservation(ends: Ends, subject: string, study: string | undefined): Observation {
  const id = crypto.randomUUID();
  const observation: Observation = {
    resourceType: 'Observation',
    id,
    identifier: [{ system: 'urn:ietf:rfc:3986', value: `urn:uuid:${id}` }],
    status: 'preliminary',
    code: {
      coding: [{ system: 'http://snomed.info/sct', code: '410668003', display: 'Length' }],
      text: 'Length',
    },
    subject: { reference: subject },
    ...(study ? { derivedFrom: [{ reference: study }] } : {}),
  };
  return { ...observation, ...measured(ends) };
}

/** The same resource with other ends, and with the value that they come to. */
export const withEnds = (observation: DeepReadonly<Observation>, ends: Ends): DeepReadonly<Observation> => ({
  ...observation,
  ...measured(ends),
});

/** The same resource with another label, or without one. */
export function withLabel(observation: DeepReadonly<Observation>, label: string): DeepReadonly<Observation> {
  const { note, ...rest } = observation;
  return label === '' ? rest : { ...rest, note: [{ ...note?.[0], text: label }] };
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, LONGEST_LABEL) : '');

/** Reads a length from what is shared, also by other applications: of whatever it says, only texts and numbers are shown. */
export function lengthOf(resource: DeepReadonly<Observation>): Length {
  const { valueQuantity, valueString, note } = resource;
  const quantity = typeof valueQuantity?.value === 'number' ? `${valueQuantity.value} ${text(valueQuantity.unit)}` : '';
  return {
    id: text(resource.id),
    value: quantity.trim() || text(valueString) || 'no value',
    label: text(note?.[0]?.text),
    ends: endsOf(resource.component),
    resource,
  };
}

function endsOf(component: unknown): Ends | undefined {
  const components: Observation['component'] = Array.isArray(component) ? component : [];
  const place = components.find((one) => one?.code?.text === ENDS)?.valueString;
  const [, ax, ay, bx, by] = NUMBERS.exec(text(place))?.map(Number) ?? [];
  if (ax === undefined || ay === undefined || bx === undefined || by === undefined) return undefined;
  return [
    [ax, ay],
    [bx, by],
  ];
}

const measured = (ends: Ends): Pick<Observation, 'valueQuantity' | 'component'> => ({
  valueQuantity: { value: millimetres(ends), unit: 'mm', system: 'http://unitsofmeasure.org', code: 'mm' },
  component: [{ code: { text: ENDS }, valueString: ends.flat().map(Math.round).join(' ') }],
});
