import { createHmac } from 'node:crypto';
import type * as Root from 'fhircast-client';
import type * as Callback from 'fhircast-client/callback';
import { startTestHub, TEST_PATIENTS } from 'fhircast-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { openBlankPage } from './support.ts';

/** What the blank page holds; the functions given to `evaluate()` run there. */
declare const root: typeof Root;
declare const callback: typeof Callback;
declare const seen: string[];

const [ada, bram] = TEST_PATIENTS;
const opened = (resource: unknown) => [{ key: 'patient', resource }];

async function openSession() {
  const hub = await startTestHub();
  onTestFinished(() => hub.close());
  return { hub, session: hub.openSession() };
}

it('follows a session over a websocket in a page', async () => {
  const { hub, session } = await openSession();
  const page = await openBlankPage();
  await page.evaluate(
    async (options) => {
      const client = new root.FhircastClient(options);
      const names: string[] = [];
      Object.assign(globalThis, { client, seen: names });
      client.on('patient-open-chart', (event) => {
        if (event.patient.id === 'bram-oakhurst') event.refuse('Not this one');
        names.push(`${event.name} ${event.patient.id}`);
      });
      await client.ready();
    },
    { hubUrl: hub.url, topic: session.id, accessToken: session.accessToken, subscriberName: 'Page' },
  );
  expect(session.subscriptions).toMatchObject([
    { name: 'Page', channel: 'websocket', events: ['Patient-open', 'SyncError'] },
  ]);

  const followed = await session.publish('Patient-open', opened(ada));
  expect(followed.answers).toEqual([{ subscriber: 'Page', status: 200 }]);
  const refused = await session.publish('Patient-open', opened(bram));
  expect(refused.answers).toEqual([{ subscriber: 'Page', status: 409 }]);
  expect(await page.evaluate(() => seen)).toEqual(['Patient-open ada-quill', 'Patient-open bram-oakhurst']);

  await page.evaluate(() => (globalThis as unknown as { client: Root.FhircastClient }).client.unsubscribe());
  expect(session.subscriptions).toEqual([]);
});

it('asks for the context and changes it in a page', async () => {
  const { hub, session } = await openSession();
  const page = await openBlankPage();
  const told = await page.evaluate(
    async ({ patient, ...options }) => {
      const client = new root.FhircastClient(options);
      const before = await client.getCurrentContext();
      const change = await client.requestContextChange('Patient-open', { patient });
      const after = await client.getCurrentContext();
      return [before, change.accepted, after?.type, after?.patient?.id];
    },
    {
      hubUrl: hub.url,
      topic: session.id,
      accessToken: session.accessToken,
      patient: ada ?? { resourceType: 'Patient' },
    },
  );
  expect(told).toEqual([null, true, 'Patient', 'ada-quill']);
});

it('reports a launch without fhirclient in a page by its code', async () => {
  const page = await openBlankPage();
  const code = await page.evaluate(() =>
    root.FhircastClient.fromSmartLaunch().catch((error: unknown) =>
      error instanceof root.FhircastError ? error.code : String(error),
    ),
  );
  expect(code).toBe('launch-fhirclient-missing');
});

const secret = 'a secret of the subscription: ∆';
const body = Buffer.from('{"id":"event-1","text":"Ünïcode \u{1F3E5}"}');
const sign = (method: string, key = secret, bytes = body) =>
  `${method}=${createHmac(method, key).update(bytes).digest('hex')}`;
const flipped = (header: string) => header.slice(0, -1) + (Number.parseInt(header.slice(-1), 16) ^ 1).toString(16);

const VECTORS: readonly [name: string, header: string | undefined, allowSha1: boolean, fault: string | undefined][] = [
  ['sha256', sign('sha256'), false, undefined],
  ['sha384', sign('sha384'), false, undefined],
  ['sha512', sign('sha512'), false, undefined],
  ['sha256 in capitals', sign('sha256').replace(/=.*/, (hex) => hex.toUpperCase()), false, undefined],
  ['sha1 where it is allowed', sign('sha1'), true, undefined],
  ['sha1 where it is not', sign('sha1'), false, 'signature-method'],
  ['one bit changed', flipped(sign('sha256')), false, 'signature-mismatch'],
  ['another secret', sign('sha256', 'another'), false, 'signature-mismatch'],
  ['another body', sign('sha512', secret, Buffer.from('{}')), false, 'signature-mismatch'],
  ['the digest of another method', sign('sha512').replace('sha512', 'sha256'), false, 'signature-malformed'],
  ['no header', undefined, false, 'signature-missing'],
];

it('judges signatures of node:crypto by WebCrypto in a page', async () => {
  const page = await openBlankPage();
  const judged = await page.evaluate(
    async ({ key, bytes, vectors }) => {
      const hmac = callback.platformHmac(key);
      const judge = async ([name, header, allowSha1]: (typeof vectors)[number]) => {
        const fault = await callback.signatureFault(hmac, header, new Uint8Array(bytes), allowSha1);
        return [name, fault?.code];
      };
      return Promise.all(vectors.map(judge));
    },
    { key: secret, bytes: [...body], vectors: VECTORS },
  );
  expect(judged).toEqual(VECTORS.map(([name, , , fault]) => [name, fault]));
});
