import type { OpenContext, PublishResult, TestEhr, TestSession } from 'fhircast-client/testing';

/** One chart of the EHR, as its developer sees it. */
export interface Chart {
  readonly id: string;
  /** A made-up name. */
  readonly name: string;
  readonly isOpen: boolean;
  readonly isCurrent: boolean;
}

/** The charts of the EHR, which its user opens and closes. */
export class Charts {
  readonly #session: TestSession;
  readonly #patients: TestEhr['patients'];

  constructor(session: TestSession, patients: TestEhr['patients']) {
    this.#session = session;
    this.#patients = patients;
  }

  /** All of them. */
  get all(): readonly Chart[] {
    const open = this.#session.open.map(patientOf);
    const current = patientOf(this.#session.current);
    return this.#patients.map(({ id = '', name }) => ({
      id,
      name: name?.[0]?.text ?? id,
      isOpen: open.includes(id),
      isCurrent: current === id,
    }));
  }

  /**
   * Opens or closes a chart, and tells the apps.
   *
   * @returns what they answered; `undefined` when there is no such chart
   */
  async tell(verb: 'open' | 'close', id: string | undefined): Promise<PublishResult | undefined> {
    const patient = this.#patients.find((one) => one.id === id);
    return patient && this.#session.publish(`Patient-${verb}`, [{ key: 'patient', resource: patient }]);
  }

  /** Closes the chart that is current, if one is. */
  async closeCurrent(): Promise<void> {
    await this.tell('close', this.all.find(({ isCurrent }) => isCurrent)?.id);
  }
}

/** The id of the patient whose chart is open; `undefined` for what is no chart. */
function patientOf(open: OpenContext | undefined): string | undefined {
  if (open?.type !== 'Patient') return undefined;
  const patient = open.event.context.find(({ key }) => key === 'patient')?.resource;
  return (patient as { id?: string } | undefined)?.id;
}
