import { FhircastClient } from 'fhircast-client';
import { showFailures } from '../shared/failures.ts';
import { smart } from '../shared/fhirclient.ts';

showFailures();

// The EHR opened this page with `iss` and `launch`. fhirclient goes from here to the EHR's authorization and back to `/app`.
await smart.authorize({
  clientId: 'Growth chart',
  scope: `launch online_access patient/*.read ${FhircastClient.scopes(['*'], '*')}`,
  redirectUri: '/app',
  completeInTarget: true,
});
