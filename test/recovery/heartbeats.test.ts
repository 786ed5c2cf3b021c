import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketLike } from '../../src/channels/websocket/socket.ts';
import type { App } from '../integration/app.ts';
import { ADA, openWorld, patientContext, type World } from '../integration/world.ts';
import { SOCKET_WORLDS, TELLING_WORLDS } from '../integration/worlds.ts';

const TELLING_SOCKETS = SOCKET_WORLDS.filter((kind) => TELLING_WORLDS.includes(kind));
const TELLING_WEBHOOKS = TELLING_WORLDS.filter(({ channel }) => channel === 'webhook');

/** What one publisher of the topic may send through a hub that passes everything on. */
const promise = (world: World, period: string): Promise<unknown> =>
  world.session.sendRaw(world.message('heartbeat', { context: [{ key: 'period', decimal: period }] }), {
    timeoutMs: 1,
  });

const asked = ({ records }: App): number =>
  records.filter(({ kind, direction }) => kind === 'current-context' && direction === 'in').length;

const wasLost = ({ states }: App): boolean => states.some(({ reason }) => reason === 'deaf' || reason === 'lost');

/** A page's websocket, which cannot ping. */
const pageSocket = (url: string): WebSocketLike =>
  Object.defineProperty(new WebSocket(url), 'ping', { value: undefined }) as unknown as WebSocketLike;

describe('a heartbeat that promises more of them, and none comes', () => {
  it.each([
    ...TELLING_SOCKETS.map((kind) => [kind.title, kind] as const),
    ...TELLING_WEBHOOKS.map((kind) => [kind.title, kind] as const),
  ])('makes no connection anew of which the hub tells what is open: %s', async (_, kind) => {
    const world = await openWorld(kind);
    const app = await world.follow('Viewer', { silenceMs: 100, webSocket: pageSocket });
    for (const period of ['0.001', '1e-300', '0.01']) {
      await promise(world, period);
      const before = asked(app);
      await app.until(() => asked(app) >= before + 3 || wasLost(app));
    }
    expect(app.client.counts.heartbeat).toBe(3);
    expect([wasLost(app), app.errorCodes]).toEqual([false, []]);
    await world.session.publish('Patient-open', patientContext(ADA));
    await app.until(() => app.client.context.current?.patient?.id === ADA.id);
  });

  it.each(SOCKET_WORLDS.map((kind) => [kind.title, kind] as const))(
    'makes no connection anew that answers a ping: %s',
    async (_, kind) => {
      const world = await openWorld(kind);
      let pongs = 0;
      const webSocket = (url: string) => {
        const socket = new WebSocket(url);
        socket.on('pong', () => pongs++);
        return socket as unknown as WebSocketLike;
      };
      const app = await world.follow('Viewer', { silenceMs: 500, webSocket });
      const before = pongs;
      await promise(world, '0.001');
      await vi.waitUntil(() => pongs > before + 1 || wasLost(app), { timeout: 4_000 });
      expect([wasLost(app), app.errorCodes]).toEqual([false, []]);
    },
  );
});
