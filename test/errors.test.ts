import { describe, expect, it } from 'vitest';
import { ERROR_CODES, FhircastError } from '../src/errors.ts';

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
