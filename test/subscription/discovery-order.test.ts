import { expect, it } from 'vitest';
import { FhircastClient } from '../../src/index.ts';

it('asks for the discovery document when the hub has answered the subscription, which waits for nothing else', async () => {
  const asked: string[] = [];
  let answer = () => {};
  let subscribes = () => {};
  let discovers = () => {};
  const subscribing = new Promise<void>((resolve) => {
    subscribes = resolve;
  });
  const discovered = new Promise<void>((resolve) => {
    discovers = resolve;
  });
  const client = new FhircastClient({
    hubUrl: 'https://hub.example.org',
    topic: 't',
    fetch: (url, { method = 'GET' }) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      if (method !== 'POST') {
        discovers();
        return Promise.resolve(new Response('', { status: 404 }));
      }
      subscribes();
      return new Promise((resolve) => {
        answer = () => resolve(new Response('', { status: 202 }));
      });
    },
  });
  client.on('Patient-open', () => {});
  client.on('error', () => {});
  await subscribing;
  // A timer of no time, as the document's would be.
  await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(asked).toEqual(['POST /']);
  answer();
  await discovered;
  expect(asked[1]).toBe('GET /.well-known/fhircast-configuration');
  await client.unsubscribe();
});
