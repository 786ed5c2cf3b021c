import { object } from '../../src/changes/send-sync-error.ts';
import { FhircastEvent } from '../../src/events/event.ts';
import { isObject, type JsonObject, parseNotification } from '../../src/events/notification.ts';
import { parseTimestamp } from '../../src/events/timestamp.ts';
import { fetchDiscovery } from '../../src/hub/discovery.ts';
import { backoffOf } from '../../src/subscription/backoff.ts';
import { askingByWebhook, callsOf, changesBy, type SentRequest, subscribedByWebsocket } from './app.ts';
import type { FromApp, SpecificationText } from './exchange.ts';
import { type PrintedHttp, readHttp } from './wire.ts';

/** The printed message and ours, in one form. */
export interface Compared {
  readonly printed: unknown;
  readonly ours: unknown;
}

const SUBSCRIBER = 'our viewer';

/** What counts of a request. */
const request = (method: string, url: string, headers: Headers, rest: object) => ({
  method,
  url: new URL(url).href,
  authorization: headers.get('Authorization'),
  'content-type': headers.get('Content-Type'),
  ...rest,
});

const fieldsOf = (body: string) => Object.fromEntries(new URLSearchParams(body));

/** Random values, and times of ours, count as the printed ones where both are there. */
const alike = <T extends object>(printed: T, ours: T, names: readonly string[]): T => {
  const shared = names.filter((name) => name in printed && name in ours);
  return { ...ours, ...Object.fromEntries(shared.map((name) => [name, printed[name as keyof T]])) };
};

const compareForms = (printed: PrintedHttp, ours: SentRequest | undefined): Compared => {
  const printedFields: Record<string, string> = fieldsOf(printed.body);
  const ourFields: Record<string, string> = fieldsOf(ours?.body ?? '');
  return {
    printed: request(printed.method, printed.target, printed.headers, printedFields),
    ours:
      ours &&
      request(ours.method, ours.url, ours.headers, alike(printedFields, ourFields, ['hub.callback', 'hub.secret'])),
  };
};

const parse = (body: string): JsonObject => {
  const message: unknown = JSON.parse(body);
  if (!isObject(message)) throw new Error('not an object');
  return message;
};

const isTime = (value: unknown) => typeof value === 'string' && parseTimestamp(value) !== undefined;

const compareMessages = (printed: PrintedHttp, ours: SentRequest | undefined): Compared => {
  const printedMessage = parse(printed.body);
  const ourMessage = parse(ours?.body ?? '');
  const times = isTime(printedMessage.timestamp) && isTime(ourMessage.timestamp) ? ['timestamp'] : [];
  const message = alike(printedMessage, ourMessage, ['id', ...times]);
  // Of some the message alone is printed.
  if (printed.target === '') return { printed: { message: printedMessage }, ours: { message } };
  return {
    printed: request(printed.method, printed.target, printed.headers, { message: printedMessage }),
    ours: ours && request(ours.method, ours.url, ours.headers, { message }),
  };
};

const tokenOf = (printed: PrintedHttp) => printed.headers.get('Authorization')?.replace('Bearer ', '');

/** Has our code send what the printed message is for. */
export async function send(text: SpecificationText, exchange: FromApp, wire: string): Promise<Compared> {
  const printed = readHttp(wire);
  const who = { accessToken: tokenOf(printed), subscriberName: SUBSCRIBER };
  const notification = (id: string) =>
    JSON.stringify({ id, event: { 'hub.topic': text.topic, 'hub.event': 'Patient-open', context: [] } });

  switch (exchange.what) {
    case 'subscription request':
    case 'unsubscription request': {
      const endpoint = fieldsOf(printed.body)['hub.channel.endpoint']?.trim();
      const isWebhook = exchange.channel === 'webhook';
      const app = isWebhook ? await askingByWebhook(text, who) : await subscribedByWebsocket(text, who, endpoint);
      if ('verified' in app) await app.verified();
      if (exchange.what === 'unsubscription request') await app.unsubscribe();
      app.close();
      return compareForms(printed, app.requests.at(-1));
    }
    case 'context change': {
      const { api, requests } = callsOf(text, who);
      const changes = changesBy(api);
      const { event } = parse(printed.body);
      const context = changes.prepare(exchange.name, isObject(event) ? event.context : undefined);
      await changes.send(exchange.name, context, undefined, undefined);
      changes.close();
      return compareMessages(printed, requests[0]);
    }
    case 'SyncError': {
      const { api, requests } = callsOf(text, who);
      const error = parseNotification(parse(printed.body));
      const quiet = { waitUntil: () => {}, refuse: () => {} };
      const origin = { source: 'hub', isEcho: false, isCurrent: false } as const;
      const { syncErrors } = new FhircastEvent(error, origin, quiet);
      const { eventId = 'e', eventName = 'patient-open', subscriber, diagnostics } = syncErrors[0] ?? {};
      const failed = parseNotification({ id: eventId, event: { 'hub.topic': text.topic, 'hub.event': eventName } });
      const sender = {
        api,
        subscriberName: subscriber ?? SUBSCRIBER,
        backoff: backoffOf(),
        signal: new AbortController().signal,
      };
      await object(sender, new FhircastEvent(failed, origin, quiet), diagnostics, () => true);
      return compareMessages(printed, requests[0]);
    }
    case 'answer to a notification': {
      if (exchange.channel === 'webhook') {
        const app = await askingByWebhook(text);
        await app.verified();
        const { status } = await app.post(notification('e'), 'sha256={signature}');
        app.close();
        return { printed: { status: Number(printed.target) }, ours: { status } };
      }
      const app = await subscribedByWebsocket(text);
      const answer = parse(wire);
      app.receive(notification(String(answer.id)));
      app.close();
      return { printed: answer, ours: parse(app.frames[0] ?? '') };
    }
    case 'answer to a verification': {
      const app = await askingByWebhook(text);
      const asked = { 'hub.mode': 'subscribe', 'hub.topic': text.topic, 'hub.challenge': printed.body };
      const { status, body, headers } = await app.get(new URLSearchParams(asked).toString());
      app.close();
      const media = (type: string | null | undefined) => type?.split(';')[0];
      return {
        printed: {
          status: Number(printed.target),
          type: media(printed.headers.get('Content-Type')),
          body: printed.body,
        },
        ours: { status, type: media(headers?.['Content-Type']), body },
      };
    }
    case 'current context request': {
      const { api, requests } = callsOf(text, who, async () => new Response(''));
      await api.askContext(undefined);
      const [ours] = requests;
      return {
        printed: request(printed.method, printed.target, printed.headers, {}),
        ours: ours && request(ours.method, ours.url, ours.headers, {}),
      };
    }
    case 'discovery request': {
      const origin = `https://${printed.headers.get('Host')?.trim()}`;
      const urls: string[] = [];
      const fetch = async (url: string) => {
        urls.push(url);
        return Response.json({});
      };
      await fetchDiscovery(origin, { timeoutMs: 5_000, fetch }, () => {}, undefined);
      return { printed: { url: origin + printed.target }, ours: { url: urls[0] } };
    }
  }
}
