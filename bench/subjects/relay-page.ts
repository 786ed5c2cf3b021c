import { relayChannel } from 'fhircast-client/relay';
import { listenerOf } from './clock.ts';
import { ready } from './parent.ts';

// A page behind a relay, whose listener looks at the clock. What it runs is what a browser runs.
const [url = ''] = process.argv.slice(2);
const { owner, report } = listenerOf();
const registration = await relayChannel({ url, storage: null }).open(owner, { hubUrl: 'http://localhost', topic: '1' });
report();
ready(JSON.stringify({ url: registration.url, secret: registration.secret }));
