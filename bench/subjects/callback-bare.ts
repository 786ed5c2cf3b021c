import { createHmac, timingSafeEqual } from 'node:crypto';
import { ready, serve } from './parent.ts';

const [secret = ''] = process.argv.slice(2);
let message: unknown;
const url = await serve((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const expected = createHmac('sha256', secret).update(body).digest();
    const [, hex = ''] = String(request.headers['x-hub-signature']).split('=');
    const signature = Buffer.from(hex, 'hex');
    if (signature.length === expected.length && timingSafeEqual(signature, expected)) {
      message = JSON.parse(body.toString());
      response.statusCode = 200;
    } else {
      response.statusCode = 401;
    }
    response.end();
  });
});
process.on('exit', () => {
  if (!message) console.error('No event was delivered.');
});
ready(JSON.stringify({ url, secret }));
