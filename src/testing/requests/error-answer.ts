import type { HttpAnswer, HttpRefusal } from '../ground/http-server.ts';
import type { HubTraits } from '../ground/traits.ts';

/** The answer to a request that is refused: text for the developer, a page, JSON, or an OperationOutcome. */
export function tellRefusal(refusal: HttpRefusal, { errors }: HubTraits): HttpAnswer {
  switch (errors) {
    case 'text':
      return refusal.toAnswer();
    case 'html':
      return tellPage(refusal);
    case 'model-state':
      return refusal.status === 400 ? tellModelState(refusal) : refusal.toAnswer();
    case 'operation-outcome':
      return tellOutcome(refusal);
  }
}

/** The page of Express. */
function tellPage({ status, message, headers }: HttpRefusal): HttpAnswer {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!DOCTYPE html>\n<html lang="en">\n<body>\n<pre>Error: ${message.replace(/</g, '&lt;')}</pre>\n</body>\n</html>\n`,
  };
}

/** The validation errors of ASP.NET, by field. */
function tellModelState({ status, message, headers }: HttpRefusal): HttpAnswer {
  const field = /^[\w.]+(?= )/.exec(message)?.[0] ?? '';
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ [field]: [message] }),
  };
}

function tellOutcome(refusal: HttpRefusal): HttpAnswer {
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
