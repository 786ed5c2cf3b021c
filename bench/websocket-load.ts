import type { WebSocket } from 'ws';
import type { EventSource } from './event.ts';

/** How many events are on their way without an answer: enough to keep the subscriber busy, and no flood. */
const WINDOW = 64;

/**
 * Prepares events for a websocket.
 *
 * @returns what sends them, and resolves when each has been answered
 */
export function prepareFrames(socket: WebSocket, next: EventSource, count: number): () => Promise<void> {
  const frames = Array.from({ length: count }, () => Buffer.from(next()));
  return () =>
    new Promise((resolve, reject) => {
      let sent = 0;
      let answered = 0;
      const send = () => {
        const frame = frames[sent++];
        if (frame) socket.send(frame, { binary: false });
      };
      const settle = (finish: () => void) => {
        socket.off('message', take);
        socket.off('close', lost);
        finish();
      };
      const take = (answer: Buffer) => {
        if (!answer.includes('"status":"200"')) {
          return settle(() => reject(new Error('An event was not answered by 200.')));
        }
        answered++;
        if (answered === count) settle(resolve);
        else send();
      };
      const lost = () => settle(() => reject(new Error('The websocket was closed.')));
      socket.on('message', take);
      socket.on('close', lost);
      while (sent < Math.min(WINDOW, count)) send();
    });
}
