/** Posts JSON to the page's own server, and gives what it answers. */
export async function post<T = unknown>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Follows a state that the page's own server keeps. */
export function watch<T>(url: string, show: (state: T) => void): EventSource {
  const source = new EventSource(url);
  source.onmessage = ({ data }) => show(JSON.parse(String(data)) as T);
  return source;
}
