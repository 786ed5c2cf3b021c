import type { FhirResource } from 'fhir/r4';
import type { ContextEntry } from '../../src/events/context.ts';
import { FhircastEvent } from '../../src/events/event.ts';
import { type Notification, parseNotification } from '../../src/events/notification.ts';

/** The session of the tests. */
export const TOPIC = 'topic-of-the-session';

/** The context of an event about a patient. */
export const patientContext = (id = 'p1'): ContextEntry[] => [
  { key: 'patient', resource: { resourceType: 'Patient', id } as FhirResource },
];

/** What a notification of the tests may say otherwise. */
export interface Facts {
  name?: string;
  id?: string;
  timestamp?: string;
  context?: readonly ContextEntry[];
}

/** A notification that has been read. */
export const notify = ({
  name = 'Patient-open',
  id = 'event-1',
  timestamp = '2024-05-01T10:00:00.000Z',
  context = patientContext(),
}: Facts = {}): Notification =>
  parseNotification({ id, timestamp, event: { 'hub.topic': TOPIC, 'hub.event': name, context } });

/** An event as the app gets it, whose decision nobody hears. */
export const eventOf = (facts: Facts = {}, source: 'hub' | 'resync' = 'hub'): FhircastEvent =>
  new FhircastEvent(
    notify(facts),
    { source, isEcho: false, isCurrent: false },
    { waitUntil: () => {}, refuse: () => {} },
  );
