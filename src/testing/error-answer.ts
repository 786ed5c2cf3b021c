import type { HttpAnswer, HttpRefusal } from './http.ts';
import type { HubTraits } from './traits.ts';

/** The answer to a request that is refused: text for the developer, or an OperationOutcome. */
export function tellRefusal(refusal: HttpRefusal, { errors }: HubTraits): HttpAnswer {
  if (errors === 'text') return refusal.toAnswer();
  return {
    status: refusal.status,
    headers: { ...refusal.headers, 'Content-Type': 'application/fhir+json; charset=utf-8' },
    body: JSON.stringify({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: refusal.status === 401 ? 'login' : 'invalid',
          details: { text: refusal.message },
        },
      ],
    }),
  };
}
