import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createCallbackEndpoint } from '../../src/callback/index.ts';
import { heldAt, heldBy, length, openContentWorld, put, remove, report, selects, updates } from './world.ts';

async function openCallback() {
  const server = createServer((request, response) => callback.node(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const callback = createCallbackEndpoint({ baseUrl: `http://127.0.0.1:${port}/fhircast` });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return callback;
}

it.each(['websocket', 'webhook'] as const)(
  'content is shared by %s, and nothing of it is dropped by time or likeness',
  async (channel) => {
    const { session, share } = await openContentWorld({
      personality: 'stu2',
      content: {},
      traits: { contextVersions: 'always', contextForm: 'object' },
    });
    const callback = await openCallback();
    const app = await share('Viewer', {}, { channel, dialect: 'stu2', callback });
    await session.publish('DiagnosticReport-open', report());
    await app.until(() => app.content.current?.status === 'known');
    await app.content.update({ put: length('a') });
    const old = { timestamp: '2001-01-01T00:00:00Z' };
    await session.publish('DiagnosticReport-update', updates([put(length('b'))]), old);
    for (const selected of [['Observation/a'], [], ['Observation/a']])
      await session.publish('DiagnosticReport-select', selects(selected), old);
    await session.publish('DiagnosticReport-update', updates([remove('Observation/b')]), old);
    expect(app.content.current?.selected).toEqual(['Observation/a']);
    expect(app.client.channel).toBe(channel);
    expect(heldBy(app)).toBe(heldAt(session));
    expect(app.content.current?.resources('Observation')).toEqual([length('a')]);
  },
);
