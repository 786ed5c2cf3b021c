import { randomHex } from '../web/random.ts';
import { need } from './radiology-error.ts';

/** 256 bits: nobody guesses a session, which is a ticket for whoever knows it. */
const TOPIC_BYTES = 32;

/**
 * A name for a new session that nobody can guess (IHE IRA, start a session; STU3, Session Discovery). A hub that knows no such session
 * opens it at the first subscription.
 *
 * @returns 256 random bits as 64 hexadecimal digits
 */
export const newTopic = (): string => randomHex(TOPIC_BYTES);

/** The session that an app is started for. */
export interface SessionToJoin {
  /** The hub's base URL. */
  readonly hub: string;
  /** The session. */
  readonly topic: string;
}

const PARAMETER = /^(?:hub\.(?:url|topic)|cast-(?:hub|session))$/i;

const isOther = (pair: string): boolean => ![...new URLSearchParams(pair).keys()].some((name) => PARAMETER.test(name));

/**
 * The address that starts another app in a session: `hub.url` and `hub.topic` in the query string. `clientFromUrl()` of
 * `fhircast-client/launch` reads it, and so do others. Whoever sees the address can join the session.
 *
 * @param appUrl where the app is, absolute or relative. What else stands in it stays as it is; another session's parameters go
 * @param session the hub and the session
 * @throws RadiologyError `option-invalid` when the hub is no http or https URL, or the topic is empty
 * @example
 * ```ts
 * open(launchUrl('https://viewer.example.org/', { hub: 'https://hub.example.org', topic: newTopic() }));
 * ```
 */
export const launchUrl = (appUrl: string, { hub, topic }: SessionToJoin): string => {
  need(typeof appUrl === 'string', 'appUrl');
  need(/^https?:\/\/[^/]/i.test(hub), 'hub');
  need(typeof topic === 'string' && topic, 'topic');
  const [, path, query = '', hash = ''] = /^([^?#]*)\??([^#]*)(.*)$/s.exec(appUrl) ?? [];
  const session = new URLSearchParams({ 'hub.url': hub, 'hub.topic': topic });
  return `${path}?${[...query.split('&').filter((pair) => pair && isOther(pair)), session].join('&')}${hash}`;
};
