import { printable } from './http-server.ts';
import type { HubMessage } from './log.ts';

/**
 * One line about a message, fit for a terminal, in columns: the time, who sends to whom, what it is, the status, the
 * channel, and the event with its id. No token, secret, topic, callback URL or FHIR content is in it, and no control
 * characters of others.
 */
export function formatMessage(message: HubMessage): string {
  const { direction, kind, about, channel = '', event, eventId } = message;
  const subscriber = printable(message.subscriber ?? 'app');
  const columns = [
    message.at.toISOString().slice(11, 23),
    (direction === 'in' ? `${subscriber} → hub` : `hub → ${subscriber}`).padEnd(22),
    (about === undefined ? kind : `${kind} (${about})`).padEnd(19),
    statusText(message).padEnd(4),
    channel.padEnd(9),
    ...(event === undefined ? [] : [printable(event, 100)]),
    ...(eventId === undefined ? [] : [`#${printable(eventId, 9)}`]),
  ];
  return columns.join(' ').trimEnd();
}

function statusText({ kind, status }: HubMessage): string {
  return status === undefined ? (kind === 'answer' ? 'none' : '') : String(status);
}
