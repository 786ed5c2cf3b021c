import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { listening, play } from '../scenario.ts';
import { callback, server } from './documented/node.js';

const conductor = process.env['CONDUCTOR'] ?? '';
if (!server.listening) await once(server, 'listening');
await listening(conductor, (server.address() as AddressInfo).port);
await play({ callback, conductor });
server.close();
