import { listening, play } from '../scenario.ts';
import { callback, server } from './documented/deno.js';

const conductor = process.env['CONDUCTOR'] ?? '';
await listening(conductor, server.addr.port);
await play({ callback, conductor });
await server.shutdown();
