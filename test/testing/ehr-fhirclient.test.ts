import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import smart from 'fhirclient';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestEhr, TEST_PATIENTS, type TestEhrClient } from '../../src/testing/index.ts';
import { openHub, postForm, stuFields } from './support.ts';

const SCOPE = 'launch online_access patient/*.read fhircast/Patient-open.read';

type SmartClient = Awaited<ReturnType<ReturnType<typeof smart>['ready']>>;

/** An app as fhirclient's documentation shows it: `/launch` authorizes, `/app` is ready. */
function startApp(clientSecret: string | undefined, onReady: (client: SmartClient) => void): Server {
  const stored = new Map<string, unknown>();
  const storage = {
    get: async (key: string) => stored.get(key),
    set: async (key: string, value: unknown) => {
      stored.set(key, value);
      return value;
    },
    unset: async (key: string) => stored.delete(key),
  };
  const app = createServer(async (request: IncomingMessage, response) => {
    const fhir = smart(request, response, storage);
    try {
      if (request.url?.startsWith('/launch')) {
        const secret = clientSecret === undefined ? {} : { clientSecret };
        await fhir.authorize({ clientId: 'viewer', scope: SCOPE, redirectUri: '/app', ...secret });
      } else {
        onReady(await fhir.ready());
        response.end('ready');
      }
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  app.listen(0, '127.0.0.1');
  return app;
}

describe('fhirclient on Node', () => {
  it.each<[string, string | undefined]>([
    ['a public', undefined],
    ['a confidential', 'pass:word'],
  ])('launches, reads and refreshes as %s client', async (_, clientSecret) => {
    const clients: (SmartClient | undefined)[] = [];
    const app = startApp(clientSecret, (client) => clients.push(client));
    await once(app, 'listening');
    const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    const registered: TestEhrClient = { clientId: 'viewer', redirectUris: [`${origin}/app`] };
    const hub = await openHub();
    const ehr = await startTestEhr({
      hub,
      clients: [clientSecret === undefined ? registered : { ...registered, clientSecret }],
    });
    onTestFinished(async () => {
      app.close();
      app.closeAllConnections();
      await ehr.close();
    });

    const session = hub.openSession();
    const response = await fetch(ehr.launchUrl(`${origin}/launch`, { session, patient: 'ada-quill' }));
    expect([response.status, await response.text()]).toEqual([200, 'ready']);
    const [client] = clients;
    expect(client?.state.tokenResponse).toMatchObject({ scope: SCOPE, 'hub.url': hub.url, 'hub.topic': session.id });
    expect(client?.state.codeVerifier).toEqual(expect.any(String));
    expect(await client?.patient.read()).toEqual(TEST_PATIENTS[0]);
    expect(await client?.request('Patient?family=Fenwick', { flat: true })).toEqual([TEST_PATIENTS[3]]);

    const before = client?.state.tokenResponse?.access_token;
    await client?.refresh();
    const after = client?.state.tokenResponse?.access_token ?? '';
    expect(after).not.toBe(before);
    expect((await postForm(hub.url, after, stuFields(session))).status).toBe(202);
  });
});
