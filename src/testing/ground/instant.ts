/** Milliseconds since 1970; a timestamp without a zone is UTC. `NaN` when it cannot be read. */
export function instant(timestamp: string): number {
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(timestamp) ? timestamp : `${timestamp}Z`);
}
