import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { GatheredWrites } from '../../src/channels/websocket/gathered-writes.ts';

it('leaves alone what is no socket of Node’s `ws`, whatever its methods do', () => {
  const strange = {
    on() {
      throw new Error('no such event');
    },
  };
  expect(() => new GatheredWrites(strange).gather()).not.toThrow();
  expect(() => new GatheredWrites({}).gather()).not.toThrow();
});

it.each([
  ['nothing', undefined],
  ['no connection', {}],
  ['a connection that cannot wait', { socket: {} }],
])('writes each frame by itself where the platform tells of %s', (_, response) => {
  const socket = Object.assign(new EventEmitter(), { ping() {} });
  const writes = new GatheredWrites(socket);
  socket.emit('upgrade', response);
  expect(() => writes.gather()).not.toThrow();
});

it('holds the connection once for all frames of a turn, and lets it go', async () => {
  const done: string[] = [];
  const socket = Object.assign(new EventEmitter(), { ping() {} });
  const writes = new GatheredWrites(socket);
  socket.emit('upgrade', { socket: { cork: () => done.push('cork'), uncork: () => done.push('uncork') } });
  for (let turn = 0; turn < 2; turn++) {
    writes.gather();
    writes.gather();
    done.push('sent');
    await Promise.resolve();
  }
  expect(done).toEqual(['cork', 'sent', 'uncork', 'cork', 'sent', 'uncork']);
});
