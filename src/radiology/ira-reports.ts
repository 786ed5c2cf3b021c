import type { FhircastErrorCode } from '../errors/errors.ts';
import type { CurrentContext } from '../events/current-context.ts';
import type { ContextChangeResult } from '../following/outcome.ts';
import type { ChangeOptions } from '../session/options.ts';
import { randomHex } from '../web/random.ts';
import { type ChangeArguments, type ReportToOpen, reportClose, reportOpen } from './opens.ts';

/** What opens and closes reports: a `FhircastClient`. */
export interface ChangesContext {
  /** As `FhircastClient.requestContextChange()`. */
  requestContextChange(
    name: 'DiagnosticReport-open' | 'DiagnosticReport-close',
    context: CurrentContext['context'],
    options?: ChangeOptions,
  ): Promise<ContextChangeResult>;
}

/** How often a change that was not answered is sent again. */
const TRIES_MORE = 2;

/** Nobody knows whether the hub has the change. A page cannot tell a hub on this machine that is silent from one that is blocked. */
const UNANSWERED: readonly FhircastErrorCode[] = ['hub-timeout', 'hub-unreachable', 'hub-local-blocked'];

const send = async (
  client: ChangesContext,
  [name, context]: ChangeArguments<'DiagnosticReport-open' | 'DiagnosticReport-close'>,
  { signal }: Pick<ChangeOptions, 'signal'>,
): Promise<ContextChangeResult> => {
  const options = { id: randomHex(16), ...(signal ? { signal } : {}) };
  for (let tries = 0; ; tries++) {
    try {
      return await client.requestContextChange(name, context, options);
    } catch (error) {
      if (
        tries === TRIES_MORE ||
        !UNANSWERED.includes((error as { code?: FhircastErrorCode }).code as FhircastErrorCode)
      )
        throw error;
    }
  }
};

/**
 * Opens a report, or resumes it: the same resources make the same context, under a new event id (IHE IRA, RAD-148). When the hub does not
 * answer, the event is sent again twice at most, under the same id.
 *
 * @param client the client
 * @param given the report, its patient and its studies
 * @param options `signal` gives it up
 * @returns what the hub said
 * @throws RadiologyError as `reportOpen()`
 * @throws HubError when the hub cannot be reached
 * @example
 * ```ts
 * const change = await openReport(client, { report, patient, studies });
 * ```
 */
export const openReport = async (
  client: ChangesContext,
  given: ReportToOpen,
  options: Pick<ChangeOptions, 'signal'> = {},
): Promise<ContextChangeResult> => send(client, reportOpen(given), options);

/**
 * Closes a report (IHE IRA, RAD-149). When the hub does not answer, the event is sent again twice at most, under the same id.
 *
 * @param client the client
 * @param given what the report was opened with; its status goes with it
 * @param options `signal` gives it up
 * @returns what the hub said
 * @throws RadiologyError as `reportClose()`
 * @throws HubError when the hub cannot be reached
 */
export const closeReport = async (
  client: ChangesContext,
  given: ReportToOpen,
  options: Pick<ChangeOptions, 'signal'> = {},
): Promise<ContextChangeResult> => send(client, reportClose(given), options);
