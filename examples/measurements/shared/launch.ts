import { FhircastClient } from 'fhircast-client';
import { showFailures } from '../../web-app/shared/failures.ts';
import { smart } from '../../web-app/shared/fhirclient.ts';

showFailures();

// Every app of the example is registered under the title of its launch page.
await smart.authorize({
  clientId: document.title,
  scope: `launch online_access patient/*.read ${FhircastClient.scopes(['*'], '*')}`,
  redirectUri: '/app',
  completeInTarget: true,
});
