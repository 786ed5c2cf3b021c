import type { FhircastClient } from 'fhircast-client';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A name comes from a hub: it must not become a part of the page. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A page that holds one paragraph. */
export const message = (text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Chart</title><p>${escaped(text)}</p></html>`;

/** How the session is, in words. What may be out of date must not look like it were not. */
const STATES = {
  'in-sync': 'In step with the EHR.',
  behind: 'Catching up: may be out of date.',
  refused: 'Another app shows another context.',
  disconnected: 'Not connected: may be out of date.',
} as const;

/** The page that shows the current patient. It loads itself again every two seconds. */
export function chartPage({ context, syncStatus }: FhircastClient): string {
  const patient = context.current?.patient;
  const [name] = patient?.name ?? [];
  const title = patient
    ? [...(name?.given ?? []), name?.family ?? `Patient/${patient.id}`].join(' ')
    : 'No patient is open';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Chart</title>
<h1>${escaped(title)}</h1>
<p>${STATES[syncStatus.state]}</p>
<form method="post" action="/logout"><button>Log out</button></form>
</html>`;
}
