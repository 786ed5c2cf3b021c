/** The names of error classes that are kept. Any other text may hold a secret. */
const CLASS = /^[A-Z][A-Za-z]{0,30}(?:Error|Exception)$/;
/** What platforms call a fault: `ECONNREFUSED`, `UND_ERR_SOCKET`. */
const FAULT = /^[A-Z][A-Z0-9_]{2,48}$/;
/** Platforms wrap what happened a few times. */
const DEPTH = 4;

interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

const read = (thrown: unknown, depth = 0): readonly string[] => {
  if (typeof thrown !== 'object' || thrown === null || depth > DEPTH) return [];
  const { code, cause, errors } = thrown as Thrown;
  const below = read(cause ?? (Array.isArray(errors) ? errors[0] : undefined), depth + 1);
  return typeof code === 'string' && FAULT.test(code) ? [code] : below;
};

/**
 * What may be kept of what a platform or an app has thrown: its class and its code. Messages quote URLs, headers and bodies,
 * and loggers print the causes of errors.
 *
 * @param thrown what was thrown
 */
export function safeCause(thrown: unknown): Error {
  try {
    const { name } = (thrown ?? {}) as Thrown;
    const [code] = read(thrown);
    const safe = Object.assign(new Error(code ?? ''), code ? { code } : {});
    const safeName = typeof name === 'string' && CLASS.test(name) ? name : 'Error';
    Object.defineProperty(safe, 'name', { value: safeName });
    safe.stack = code ? `${safeName}: ${code}` : safeName;
    return safe;
  } catch {
    // Its properties throw.
    return new Error();
  }
}
