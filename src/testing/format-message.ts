import { printable } from './http.ts';
import type { HubMessage } from './log.ts';

/**
 * One line about a message, fit for a terminal: no token, secret, topic, callback URL or FHIR content, and no control
 * characters of others.
 */
export function formatMessage(message: HubMessage): string {
  const subscriber = printable(message.subscriber ?? 'app');
  const route = message.direction === 'in' ? `${subscriber} → hub` : `hub → ${subscriber}`;
  const parts = [
    message.at.toISOString().slice(11, 23),
    route.padEnd(28),
    (message.about === undefined ? message.kind : `${message.kind} (${message.about})`).padEnd(20),
    message.event === undefined ? '' : printable(message.event, 100),
    message.eventId === undefined ? '' : `#${printable(message.eventId, 9)}`,
    statusText(message),
    message.channel === undefined ? '' : `[${message.channel}]`,
  ];
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .trimEnd();
}

function statusText({ kind, status }: HubMessage): string {
  if (status !== undefined) return String(status);
  return kind === 'answer' ? 'no answer' : '';
}
