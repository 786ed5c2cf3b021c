import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/testing/index.ts';
import { draftFields, openHub, patientContext, postEvent, postForm, stuFields, subscribeSocket } from './support.ts';

async function answerOf(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}

describe('a malformed subscription', () => {
  const webhook = { callback: 'http://127.0.0.1:1/callback' };
  it.each<[string, Record<string, string | undefined>, number, string]>([
    ['no mode', { 'hub.mode': undefined }, 400, 'hub.mode'],
    ['an unknown mode', { 'hub.mode': 'listen' }, 400, 'hub.mode'],
    ['no topic', { 'hub.topic': undefined }, 400, 'hub.topic'],
    ['an unknown topic', { 'hub.topic': 'elsewhere' }, 404, 'no such topic'],
    ['no events', { 'hub.events': undefined }, 400, 'hub.events'],
    ['an empty event', { 'hub.events': 'Patient-open,,' }, 400, 'hub.events'],
    ['a lease of zero', { 'hub.lease_seconds': '0' }, 400, 'hub.lease_seconds'],
    ['a lease that is no number', { 'hub.lease_seconds': '1h' }, 400, 'hub.lease_seconds'],
    ['an unknown channel', { 'hub.channel.type': 'pigeon' }, 400, 'hub.channel.type'],
    ['no callback', { 'hub.callback': undefined }, 400, 'hub.callback'],
    ['a callback that is no URL', { 'hub.callback': '/callback' }, 400, 'hub.callback'],
    ['a callback that is not http', { 'hub.callback': 'ftp://example.org/' }, 400, 'hub.callback'],
    ['no secret', { 'hub.secret': undefined }, 400, 'hub.secret'],
    ['a long secret', { 'hub.secret': 'x'.repeat(200) }, 400, 'hub.secret'],
    [
      'an unsubscription without endpoint',
      { 'hub.mode': 'unsubscribe', 'hub.channel.type': 'websocket' },
      400,
      'endpoint',
    ],
  ])('with %s is refused in plain text', async (_, change, status, text) => {
    const hub = await openHub();
    const session = hub.openSession();
    const fields = Object.entries({ ...draftFields(session, webhook.callback), ...change });
    const present = Object.fromEntries(fields.filter((field): field is [string, string] => field[1] !== undefined));
    const response = await postForm(hub.url, session.accessToken, present);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await answerOf(response)).toEqual([status, expect.stringContaining(text)]);
    expect(session.subscriptions).toEqual([]);
  });

  it('with a field that appears twice is refused', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const body = new URLSearchParams([...Object.entries(stuFields(session)), ['hub.events', 'Patient-close']]);
    const response = await fetch(hub.url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${session.accessToken}` },
      body,
    });
    expect(await answerOf(response)).toEqual([400, 'hub.events must appear once.']);
  });

  it('of another media type, method or path is refused', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const headers = { Authorization: `Bearer ${session.accessToken}`, 'Content-Type': 'text/plain' };
    expect((await fetch(hub.url, { method: 'POST', headers, body: 'hello' })).status).toBe(415);
    expect((await fetch(hub.url, { method: 'PUT', headers, body: 'hello' })).status).toBe(405);
    expect((await fetch(`${hub.url}bub`, { method: 'POST', headers, body: 'hello' })).status).toBe(404);
    expect((await fetch(`${hub.url}/%zz`, { headers })).status).toBe(400);
  });

  it('that is too large is refused', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const fields = { ...stuFields(session), padding: 'x'.repeat(5 * 1024 * 1024) };
    expect((await postForm(hub.url, session.accessToken, fields)).status).toBe(413);
  });
});

describe('a malformed event', () => {
  it.each([
    ['no JSON', 'rubbish', 'JSON'],
    ['an array', '[]', 'The body'],
    ['no event', '{"id":"1","timestamp":"t"}', 'event must be'],
    ['no context', '{"id":"1","timestamp":"t","event":{}}', 'event.context'],
    ['no id', '{"timestamp":"t","event":{"context":[]}}', 'id'],
    ['no timestamp', '{"id":"1","event":{"context":[]}}', 'timestamp'],
    ['no name', '{"id":"1","timestamp":"t","event":{"context":[],"hub.topic":"x"}}', 'hub.event'],
    ['no topic', '{"id":"1","timestamp":"t","event":{"context":[],"hub.event":"x"}}', 'hub.topic'],
    ['no key', '{"id":"1","timestamp":"t","event":{"context":[{}],"hub.event":"x"}}', 'context[0].key'],
  ])('with %s is refused in plain text', async (_, body, text) => {
    const hub = await openHub();
    const session = hub.openSession();
    const headers = { Authorization: `Bearer ${session.accessToken}`, 'Content-Type': 'application/json' };
    const response = await fetch(hub.url, { method: 'POST', headers, body });
    expect(await answerOf(response)).toEqual([400, expect.stringContaining(text)]);
  });

  it('of another session than the path says is refused', async () => {
    const hub = await openHub();
    const [session, other] = [hub.openSession(), hub.openSession()];
    expect((await postEvent(session.url, session.accessToken, other.id, 'Patient-open')).status).toBe(400);
    expect((await postEvent(hub.url, session.accessToken, 'elsewhere', 'Patient-open')).status).toBe(404);
    expect(session.current).toBeUndefined();
  });
});

describe('access', () => {
  it('needs a token that is known, and not expired or revoked', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const revoked = session.issueToken('fhircast');
    session.revokeToken(revoked);
    for (const token of ['unknown', revoked, session.issueToken('fhircast', 0)]) {
      const response = await postForm(hub.url, token, stuFields(session));
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect((await postEvent(hub.url, token, session.id, 'Patient-open')).status).toBe(401);
    }
    expect((await fetch(session.url)).status).toBe(401);
  });

  it('to a session needs a token of this session', async () => {
    const hub = await openHub();
    const [session, other] = [hub.openSession(), hub.openSession()];
    expect((await postForm(hub.url, other.accessToken, stuFields(session))).status).toBe(403);
    expect((await postEvent(hub.url, other.accessToken, session.id, 'Patient-open')).status).toBe(403);
    expect((await fetch(session.url, { headers: { Authorization: `Bearer ${other.accessToken}` } })).status).toBe(403);
  });

  it.each([
    ['fhircast', 202, 202, 200],
    ['openid fhircast/*.*', 202, 202, 200],
    ['fhircast/patient-open.read', 202, 403, 200],
    ['fhircast/Patient-open.write', 403, 202, 403],
    ['fhircast/*.read', 202, 403, 200],
    ['fhircast/Patient-close.*', 403, 403, 200],
    ['patient/*.read', 403, 403, 403],
  ])('with the scope %s subscribes %i, sends %i and reads %i', async (scope, subscribes, sends, reads) => {
    const hub = await openHub();
    const session = hub.openSession({ scope });
    const token = session.accessToken;
    expect((await postForm(hub.url, token, stuFields(session, 'Patient-open'))).status).toBe(subscribes);
    expect((await postEvent(hub.url, token, session.id, 'open-patient-chart')).status).toBe(sends);
    expect((await fetch(session.url, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(reads);
  });

  it('is granted by a launch in the words of each version', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const common = { access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600 };
    expect(session.launch('draft')).toEqual({
      ...common,
      scope: 'fhircast',
      'cast-hub': hub.draftUrl,
      'cast-session': session.url,
    });
    expect(session.launch('ballot')).toEqual({
      ...common,
      scope: 'fhircast',
      'cast-hub': hub.draftUrl,
      'hub.topic': session.url,
    });
    const launch = session.launch('stu', { scope: 'fhircast/Patient-open.read' });
    expect(launch).toEqual({
      ...common,
      scope: 'fhircast/Patient-open.read',
      'hub.url': hub.url,
      'hub.topic': session.id,
    });
    expect((await postForm(hub.url, launch.access_token, stuFields(session))).status).toBe(202);
    expect((await postEvent(hub.url, launch.access_token, session.id, 'Patient-open')).status).toBe(403);
  });
});

describe('a refusal on demand', () => {
  it('meets the next request only', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    hub.refuseNext({ status: 503, text: 'Out for lunch', headers: { 'Retry-After': '5' } });
    const refused = await postForm(hub.url, session.accessToken, stuFields(session));
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await answerOf(refused)).toEqual([503, 'Out for lunch']);
    expect((await postForm(hub.url, session.accessToken, stuFields(session))).status).toBe(202);
  });

  it('meets the next request of one kind', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const refusal: Refusal = { status: 409, kind: 'publish' };
    hub.refuseNext(refusal);
    expect((await postForm(hub.url, session.accessToken, stuFields(session))).status).toBe(202);
    expect((await postEvent(hub.url, session.accessToken, session.id, 'Patient-open')).status).toBe(409);
    expect(session.current).toBeUndefined();
  });
});

describe('discovery', () => {
  it('answers with a document that a test can change', async () => {
    const hub = await openHub();
    const read = () => fetch(`${hub.url}/.well-known/fhircast-configuration`);
    expect(await (await read()).json()).toMatchObject({ websocketSupport: true, fhircastVersion: 'STU3' });
    hub.wellKnown = { websocketSupport: false };
    expect(await (await read()).json()).toEqual({ websocketSupport: false });
    hub.wellKnown = undefined;
    expect((await read()).status).toBe(404);
  });

  it('is a page that says 404 when the hub has none, and always for the draft', async () => {
    const hub = await openHub({ discovery: false });
    const response = await fetch(`${hub.url}/.well-known/fhircast-configuration`);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const other = await openHub();
    expect((await fetch(`${other.draftUrl}/.well-known/fhircast-configuration`)).status).toBe(404);
  });
});

describe('a web page of any origin', () => {
  it('may send what it needs and read what it gets', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const preflight = await fetch(session.url, { method: 'OPTIONS', headers: { Origin: 'https://app.example.org' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization, Content-Type/);
    for (const response of [preflight, await postForm(hub.url, 'unknown', {})]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-expose-headers')).toContain('Content-Location');
    }
  });
});

describe('an event that a subscriber sends', () => {
  it.each(['application/fhir+json', 'application/json; charset=utf-8'])('comes back as %s', async (type) => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session);
    const response = await postEvent(hub.url, session.accessToken, session.id, 'patient-open', { type });
    expect(response.status).toBe(202);
    expect(await inbox.next()).toEqual({
      id: 'event-1',
      timestamp: '2024-05-01T10:00:00.000Z',
      event: {
        'hub.topic': session.id,
        'hub.event': 'Patient-open',
        context: patientContext(),
        'context.versionId': session.current?.versionId,
      },
    });
  });

  it('is taken at the session URL, by its id and with a slash at the end', async () => {
    const hub = await openHub();
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session);
    for (const url of [session.url, `${hub.url}/${session.id}`, `${hub.url}/`]) {
      expect((await postEvent(url, session.accessToken, session.url, 'Patient-open', { id: url })).status).toBe(202);
      expect((await inbox.next()).id).toBe(url);
    }
  });

  it('comes back before the answer when the hub is told so', async () => {
    const hub = await openHub({ echoFirst: true });
    const session = hub.openSession();
    const { inbox } = await subscribeSocket(hub, session);
    await postEvent(hub.url, session.accessToken, session.id, 'Patient-open');
    expect(inbox.all.at(-1)?.id).toBe('event-1');
    const order = hub.log.filter(({ kind, about }) => kind === 'notify' || about === 'publish').map(({ kind }) => kind);
    expect(order).toEqual(['notify', 'reply']);
  });
});
