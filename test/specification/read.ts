import type { Bundle } from 'fhir/r4.js';
import type { CallbackAnswer } from '../../src/callback/request.ts';
import { readFrame as frameOf } from '../../src/channels/websocket/frame.ts';
import { NotificationError } from '../../src/errors/errors.ts';
import { checkContext } from '../../src/events/check.ts';
import type { ContextEntry } from '../../src/events/context.ts';
import { parseCurrentContext } from '../../src/events/context-answer.ts';
import { FhircastEvent } from '../../src/events/event.ts';
import { type Notification, parseJson, parseNotification } from '../../src/events/notification.ts';
import type { DeepReadonly } from '../../src/events/read-only.ts';
import { fetchDiscovery } from '../../src/hub/discovery.ts';
import { dialectOf } from '../../src/hub/versions.ts';
import { hubOfFhirServer } from '../../src/launch/hub-of-fhir-server.ts';
import { parseLaunch } from '../../src/launch/parse-launch.ts';
import { askingByWebhook, callsOf, changesBy, subscribedByWebsocket } from './app.ts';
import type { ContextRead, EventRead, FromHub, SpecificationText } from './exchange.ts';
import { queryOf, readHttp } from './wire.ts';

/** Our code refused what it was given, by this status. */
class RefusedByStatus extends Error {
  readonly code: number;

  constructor(status: number) {
    super(`refused by ${status}`);
    this.code = status;
  }
}

const describe = (context: readonly ContextEntry[]): string[] =>
  context.map(({ key, resource, reference }) =>
    resource ? `${key} ${nameOf(resource)}` : reference ? `${key}: ${reference.reference}` : key,
  );

const nameOf = (resource: { readonly resourceType: string; readonly id?: string | undefined }) =>
  [resource.resourceType, resource.id].filter(Boolean).join('/');

const changesOf = ({ entry = [] }: DeepReadonly<Bundle>): string[] =>
  entry.map(({ request, resource, fullUrl }) =>
    [request?.method, ...(resource ? [nameOf(resource)] : []), ...(fullUrl ? [fullUrl] : [])].join(' '),
  );

const timeOf = (time: number | undefined) => (time === undefined ? {} : { time: new Date(time).toISOString() });

/** A notification as it is judged after it has been read. */
function readNotification(text: SpecificationText, body: string, topic = text.topic): EventRead {
  const dialect = dialectOf(text.dialect);
  const notification: Notification = parseNotification(parseJson(body));
  if (!dialect.isOurTopic(topic, notification.topic)) throw new NotificationError('notification-wrong-topic');
  const { name, context, time, versionId, priorVersionId } = notification;
  const { missing, contradiction, deviations } = checkContext(name, context, {
    anonymousClose: dialect.anonymousClose,
  });
  if (contradiction) throw new NotificationError('anchor-contradiction', { at: contradiction });
  if (missing) throw new NotificationError('anchor-missing', { at: missing });
  const { syncError, updates, selected } = new FhircastEvent(
    notification,
    { source: 'hub', isEcho: false, isCurrent: false },
    { waitUntil: () => {}, refuse: () => {} },
  );
  return {
    name,
    ...timeOf(time),
    context: describe(context),
    ...(deviations.length > 0 ? { deviations } : {}),
    ...(versionId === undefined ? {} : { versionId }),
    ...(priorVersionId === undefined ? {} : { priorVersionId }),
    ...(syncError ? { syncError } : {}),
    ...(updates ? { changes: changesOf(updates) } : {}),
    ...(name.endsWith('-select') ? { selected: selected.map(({ reference = '' }) => reference) } : {}),
  };
}

/** After the answer to a subscription request the hub still has to verify. */
async function readWebhookAnswer(text: SpecificationText, answer: Response) {
  const { grant, verified, close } = await askingByWebhook(text, { answer });
  const isFirst = await Promise.race([grant.then(() => 'active'), new Promise((resolve) => setImmediate(resolve))]);
  if (isFirst === 'active') throw new Error('taken for a confirmation');
  await verified();
  await grant;
  close();
  return { endpoint: undefined };
}

const accepted = (answer: CallbackAnswer): CallbackAnswer => {
  if (answer.status !== 200) throw new RefusedByStatus(answer.status);
  return answer;
};

const byWebhook: {
  readonly [What in 'denial' | 'verification' | 'signed notification']: (
    text: SpecificationText,
    wire: string,
  ) => Promise<unknown>;
} = {
  async denial(text, wire) {
    const { get, verified, heard, close } = await askingByWebhook(text);
    await verified();
    try {
      accepted(await get(queryOf(readHttp(wire).target)));
      return heard.denials[0];
    } finally {
      close();
    }
  },
  async verification(text, wire) {
    const { get, grant, close } = await askingByWebhook(text);
    try {
      const { body } = accepted(await get(queryOf(readHttp(wire).target)));
      return { ...(await grant), answer: body };
    } finally {
      close();
    }
  },
  async 'signed notification'(text, wire) {
    const { post, verified, heard, close } = await askingByWebhook(text);
    await verified();
    try {
      const { headers, body } = readHttp(wire);
      accepted(await post(body, headers.get('X-Hub-Signature') ?? ''));
      return readNotification(text, heard.notifications[0] ?? '');
    } finally {
      close();
    }
  },
};

const readFrame = (text: SpecificationText, wire: string, kind: 'denial' | 'confirmation', topic = text.topic) => {
  const frame = frameOf(wire);
  // What is no word about the subscription is read as an event.
  if (frame.kind !== 'confirmation' && frame.kind !== 'denial') return readNotification(text, wire);
  if (frame.topic !== undefined && !dialectOf(text.dialect).isOurTopic(topic, frame.topic))
    throw new NotificationError('notification-wrong-topic');
  if (frame.kind !== kind) throw new Error(`read as a ${frame.kind}`);
  return frame.kind === 'denial' ? frame.denial : frame.grant;
};

const readContext = (text: SpecificationText, body: string): ContextRead | null => {
  const { isOurTopic } = dialectOf(text.dialect);
  const read = parseCurrentContext(body, (topic) => isOurTopic(text.topic, topic));
  if (!read) return null;
  const { type, id, time, versionId, context, content } = read;
  return {
    type,
    ...(id === undefined ? {} : { id }),
    ...timeOf(time),
    ...(versionId === undefined ? {} : { versionId }),
    context: describe(context),
    ...(content
      ? { content: (content.entry ?? []).flatMap(({ resource }) => (resource ? [nameOf(resource)] : [])) }
      : {}),
  };
};

/** A printed answer as it comes from `fetch`. Where its body alone is printed, the text says that the status is 202. */
const responseOf = (printed: string): Response => {
  const { target, headers, body } = readHttp(printed);
  return new Response(body || null, { status: Number(target || 202), headers });
};

/** Does with a message of the hub what our code does with it, and tells what it reads out of it. */
export async function read(text: SpecificationText, exchange: FromHub, wire: string): Promise<unknown> {
  switch (exchange.what) {
    case 'launch parameters': {
      let response: unknown = wire;
      try {
        response = JSON.parse(wire);
      } catch {
        // An app that hands over what its parser did not read.
      }
      const { hubUrl, topic, dialect } = parseLaunch(response);
      return { hubUrl, topic, dialect };
    }
    case 'subscription answer': {
      const answer = responseOf(wire);
      if (exchange.channel === 'webhook') return readWebhookAnswer(text, answer);
      const { opened, close } = await subscribedByWebsocket(text, { answer });
      close();
      return { endpoint: opened[0] };
    }
    case 'unsubscription answer': {
      const { unsubscribe } = await subscribedByWebsocket(text, { goodbye: responseOf(wire) });
      await unsubscribe();
      return 'left';
    }
    case 'context change answer': {
      const { api } = callsOf(text, {}, async () => responseOf(wire));
      const changes = changesBy(api);
      const { accepted, status } = await changes.send('Home-open', [], undefined, undefined);
      changes.close();
      return { accepted, status };
    }
    case 'denial':
    case 'verification':
    case 'signed notification':
      return byWebhook[exchange.what](text, wire);
    case 'denial frame':
      return readFrame(text, wire, 'denial', exchange.topic);
    case 'confirmation frame':
      return readFrame(text, wire, 'confirmation');
    case 'notification':
      return readNotification(text, wire, exchange.topic);
    case 'context of an event': {
      // The catalogues print no more than the context: the rest is what every event has.
      const event = `"hub.topic": ${JSON.stringify(text.topic)}, "hub.event": "${exchange.hubEvent}"`;
      const inner = wire.trim().slice(1, -1).trim();
      return readNotification(text, `{ "id": "e", "event": { ${[event, inner].filter(Boolean).join(', ')} } }`);
    }
    case 'current context':
      return readContext(text, wire);
    // A profile prints no more than the Bundle: the rest is what every such message has.
    case 'Bundle of an update': {
      const context = `[ { "key": "report", "reference": { "reference": "DiagnosticReport/r" } }, { "key": "updates", "resource": ${wire} } ]`;
      const event = `"hub.topic": ${JSON.stringify(text.topic)}, "hub.event": "DiagnosticReport-update", "context": ${context}`;
      return readNotification(text, `{ "id": "e", "event": { ${event} } }`);
    }
    case 'Bundle of a current context':
      return readContext(
        text,
        `{ "context.type": "DiagnosticReport", "context": [ { "key": "report", "resource": { "resourceType": "DiagnosticReport", "id": "r" } },
          { "key": "patient", "resource": { "resourceType": "Patient", "id": "p" } }, { "key": "content", "resource": ${wire} } ] }`,
      );
    case 'capability statement':
      return hubOfFhirServer('https://fhir.example.org', { fetch: async () => new Response(wire) });
    case 'discovery':
      return fetchDiscovery(
        text.hubUrl,
        { timeoutMs: 5_000, fetch: async () => responseOf(wire) },
        () => {},
        undefined,
      );
  }
}
