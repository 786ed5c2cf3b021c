import type { ContentTrait } from '../ground/content-traits.ts';
import { HttpRefusal } from '../ground/http-server.ts';
import { anchorAndAction, type HubEvent } from '../ground/hub-event.ts';
import { anchorIdIn } from '../ground/resource-key.ts';
import type { TestSession } from '../session/test-session.ts';

/**
 * Looks at the open or the close of a report as hubs do that ask for more than STU3 (IHE RAD.IRA, RAD-148 and RAD-149).
 *
 * @throws a refusal when it has not all that it must have, or closes what is not open
 */
export function checkReport(session: TestSession, event: HubEvent, trait: ContentTrait): void {
  const { anchor, action } = anchorAndAction(event.name);
  if (anchor !== 'DiagnosticReport') return;
  if (action === 'open') {
    const missing = trait.reportKeys.find((wanted) => !event.context.some(({ key }) => key.toLowerCase() === wanted));
    if (missing !== undefined) throw new HttpRefusal(400, `event.context must have ${missing}.`);
  }
  if (action === 'close' && trait.closesOfUnopened === 'refused') {
    const id = anchorIdIn(event.context, anchor);
    if (id === undefined) throw new HttpRefusal(400, 'event.context must have a report with an id.');
    if (session.content(`${anchor}/${id}`) === undefined)
      throw new HttpRefusal(trait.statuses.notOpen, 'This report is not open.');
  }
}
