import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';
import { ready, serve } from './parent.ts';

const [secret = ''] = process.argv.slice(2);
const webhooks = new Webhooks({ secret });
let message: unknown;
webhooks.on('push', ({ payload }) => {
  message = payload;
});
const middleware = createNodeMiddleware(webhooks, { path: '/webhook' });
const url = await serve((request, response) => void middleware(request, response));
process.on('exit', () => {
  if (!message) console.error('No event was delivered.');
});
ready(JSON.stringify({ url: `${url}/webhook`, secret }));
