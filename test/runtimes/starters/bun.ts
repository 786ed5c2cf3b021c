import { listening, play } from '../scenario.ts';
import { callback, server } from './documented/bun.js';

const conductor = process.env['CONDUCTOR'] ?? '';
await listening(conductor, server.port);
await play({ callback, conductor });
await server.stop();
