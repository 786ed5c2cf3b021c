import { describe, expect, it, vi } from 'vitest';
import { ERROR_CODES, FhircastError, isOurError } from '../src/errors/errors.ts';

describe('the message of an error', () => {
  it.each(ERROR_CODES)('%s is its code and one short sentence', (code) => {
    const { message } = new FhircastError(code);
    expect(message).toMatch(new RegExp(`^${code}: [A-Z][^!?]*\\.$`));
    expect(message.match(/[.!?](\s|$)/g)).toHaveLength(1);
    expect(message.length).toBeLessThan(130);
  });

  it('names the place that is at fault', () => {
    const { message } = new FhircastError('launch-hub-missing', { at: 'hub.url' });
    expect(message).toBe('launch-hub-missing (hub.url): Ask the EHR for it in the token response.');
  });
});

describe('an error of another copy of the package', () => {
  it('is known as one of ours', async () => {
    vi.resetModules();
    const other = await import('../src/errors/errors.ts');
    const error = new other.HubError('hub-timeout', { retryable: true });
    expect([error instanceof FhircastError, isOurError(error)]).toEqual([false, true]);
  });

  it.each([[new Error('hub-timeout')], [new DOMException('', 'AbortError')], ['hub-timeout'], [undefined]])(
    'is not %s',
    (thrown) => expect(isOurError(thrown)).toBe(false),
  );
});
