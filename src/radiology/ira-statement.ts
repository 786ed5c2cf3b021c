import { ACTORS, checkActor, type IraActor } from './ira-actors.ts';

/** What else a conformance statement says. */
export interface StatementOptions {
  /**
   * Whether the app shares content: it is grouped with a Content Creator.
   *
   * @default of the Report Creator, which has to be: true; of the others: false
   */
  sharesContent?: boolean;
}

/** Transactions by their number, who begins them, and what of this package does them. */
const TRANSACTIONS: readonly (readonly [number: number, title: string, role: string, by: string])[] = [
  [146, 'Subscribe to Reporting Session', 'Initiator', 'iraOptions()'],
  [147, 'Connect to Notification Channel', 'Initiator', 'clientFromUrl()'],
  [148, 'Open Report Context', 'Initiator', 'openReport()'],
  [149, 'Close Report Context', 'Initiator', 'closeReport()'],
  [150, 'Update Report Content', 'Initiator', 'content.update()'],
  [151, 'Select Report Content', 'Initiator', 'content.select()'],
  [152, 'Unsubscribe Session', 'Initiator', 'client.unsubscribe()'],
  [153, 'Get Current Context', 'Initiator', 'client.getCurrentContext()'],
  [154, 'Distribute Context Event', 'Responder', 'client.on()'],
  [155, 'Generate SyncError Event', 'Responder', "client.on('SyncError')"],
  [156, 'Notify Error', 'Initiator', 'event.waitUntil()'],
];

const OPENS: readonly IraActor[] = ['image-display', 'report-creator', 'worklist-client'];

/**
 * What an app can state of itself, as the actors and transactions of RAD TF-1: 53.1: Markdown, to be completed by what the app shows
 * and restores.
 *
 * @param actor which actor the app is
 * @param options whether it shares content
 * @returns Markdown
 * @throws RadiologyError `option-invalid` at `actor`
 */
export const conformanceStatement = (
  actor: IraActor,
  { sharesContent = actor === 'report-creator' }: StatementOptions = {},
): string => {
  checkActor(actor);
  const opens = OPENS.includes(actor);
  const restores = actor !== 'watcher' && actor !== 'stateless-evidence-creator';
  const isOurs = (number: number) => number < 148 || number > 151 || (number < 150 ? opens : sharesContent);
  return [
    `# IHE RAD IRA 1.0.0: ${ACTORS[actor]}${sharesContent ? ', Content Creator' : ''}`,
    '',
    '| transaction | role | by fhircast-client |',
    '| --- | --- | --- |',
    ...TRANSACTIONS.filter(([number]) => isOurs(number)).map(
      ([number, title, role, by]) => `| RAD-${number} ${title} | ${role} | \`${by}\` |`,
    ),
    '',
    `By the app itself: what an event shows, hides and selects${restores ? '; what is restored when a report is resumed' : ''}.`,
    '',
  ].join('\n');
};
