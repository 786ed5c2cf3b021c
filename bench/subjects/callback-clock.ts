import type { RequestListener } from 'node:http';
import { createCallbackEndpoint } from 'fhircast-client/callback';
import { listenerOf } from './clock.ts';
import { ready, serve } from './parent.ts';

// One instance alone, whose listener looks at the clock.
let listener: RequestListener | undefined;
const baseUrl = await serve((request, response) => listener?.(request, response));
const callback = createCallbackEndpoint({ baseUrl });
listener = callback.node;
const { owner, report } = listenerOf();
const { url, secret } = await callback.open(owner);
report();
ready(JSON.stringify({ url, secret }));
