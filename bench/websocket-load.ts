import type { Duplex } from 'node:stream';
import type { EventSource } from './event.ts';
import { frameOf, readFrames } from './frames.ts';

/** How many events are sent at once. */
const BATCH = 32;

/** How many batches are on their way: enough to keep the subscriber busy, and no more than a socket takes in. */
const BATCHES = 3;

const isOk = (text: string): boolean => text.endsWith('"status":"200"}');

/**
 * Prepares events for a websocket. The frames are ready before the clock starts, and a batch goes out in one write while the
 * subscriber still has the batch before: so the sender, whose work is no one's speed, is never waited for.
 *
 * @param socket the connection below the websocket
 * @param isAnswer whether a text is an answer as it should be
 * @returns what sends them, and resolves when each has been answered
 */
export function prepareFrames(
  socket: Duplex,
  next: EventSource,
  count: number,
  isAnswer: (text: string) => boolean = isOk,
): () => Promise<void> {
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, () =>
    Buffer.concat(Array.from({ length: BATCH }, () => frameOf(next()))),
  );
  return () =>
    new Promise((resolve, reject) => {
      let sent = 0;
      let answered = 0;
      let rest: Buffer = Buffer.alloc(0);
      const send = () => {
        const batch = batches[sent++];
        if (batch) socket.write(batch);
      };
      const settle = (finish: () => void) => {
        socket.off('data', take);
        socket.off('close', lost);
        finish();
      };
      const take = (chunk: Buffer) => {
        const read = readFrames(rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk);
        rest = read.rest;
        for (const pong of read.pongs) socket.write(pong);
        for (const answer of read.texts) {
          if (!isAnswer(answer)) return settle(() => reject(new Error('An event was not answered as it should be.')));
          answered++;
          if (answered % BATCH === 0) send();
        }
        if (answered === batches.length * BATCH) settle(resolve);
      };
      const lost = () => settle(() => reject(new Error('The websocket was closed.')));
      if (socket.destroyed) return lost();
      socket.on('data', take);
      socket.on('close', lost);
      for (let i = 0; i < BATCHES; i++) send();
    });
}
