/**
 * Posts JSON to the page's own server, and gives what it answers.
 *
 * @throws Error with the server's words when it refuses
 */
export async function post<T = unknown>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(response.status === 409 ? await response.text() : `The server answered ${response.status}.`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/**
 * Follows a state that the page's own server keeps.
 *
 * @param show called with every state
 * @param lost called when the server is out of reach
 */
export function watch<T>(url: string, show: (state: T) => void, lost: () => void): void {
  const source = new EventSource(url);
  source.onmessage = ({ data }) => show(JSON.parse(String(data)) as T);
  source.onerror = lost;
}
