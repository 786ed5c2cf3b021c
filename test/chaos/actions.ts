import { observation } from './content-operations.ts';
import type { ContentAction, FaultAction, Step, UserAction } from './schedule.ts';
import { ALL_SUBJECTS, FOREIGN_SUBJECT } from './subjects.ts';
import type { ChaosWorld } from './world.ts';

const USER_ACTIONS: ReadonlySet<Step['kind']> = new Set<UserAction['kind']>([
  'publish',
  'change',
  'behave',
  'listen',
  'join',
  'leave',
  'ask-again',
  'foreign',
]);

const CONTENT_ACTIONS: ReadonlySet<Step['kind']> = new Set<ContentAction['kind']>([
  'update',
  'select',
  'other-update',
  'other-select',
]);

/** Whether a step is about content. */
export const isOfContent = (action: Step): action is ContentAction & Step => CONTENT_ACTIONS.has(action.kind);

/** Whether a step is something that goes wrong. */
export const isFault = (action: Step): action is FaultAction & Step =>
  !USER_ACTIONS.has(action.kind) && !isOfContent(action);

/** Does what a user, an app or the EHR does. What needs an app that is not there does nothing. */
export async function act(world: ChaosWorld, action: UserAction): Promise<void> {
  const app = 'app' in action ? world.apps.get(action.app) : undefined;
  if (action.kind === 'join') return world.join(action.app);
  if (action.kind === 'foreign') {
    const timestamp = world.clock.stamp('EHR');
    return world.expect(
      'Patient-open of another session',
      world.foreign.publish('Patient-open', FOREIGN_SUBJECT.context, { timestamp }),
    );
  }
  if (action.kind === 'publish') return world.publish(action.name, contextOf(action));
  if (!app || app.hasLeft) return;
  switch (action.kind) {
    case 'change':
      await world.clock.passed();
      return world.expect(`${action.name} of ${app.name}`, app.change(action.name, contextOf(action)));
    case 'behave':
      app.behaviour = action.how;
      return;
    case 'listen':
      return app.listen(action.name, action.on);
    case 'leave':
      return world.expect(`leaving of ${app.name}`, app.leave());
    case 'ask-again':
      // It may take until faults stop, and nobody waits for it.
      void app.ready();
      return;
  }
}

/** Does to the content what an app or another application does, and waits for nothing. */
export function share(world: ChaosWorld, action: ContentAction): void {
  if ('app' in action) {
    const app = world.apps.get(action.app);
    if (app && !app.hasLeft) app.content?.act(action);
    return;
  }
  const { session } = world;
  if (!session.content()) return;
  if (action.kind === 'other-select')
    return world.expect('a select', session.select(action.what.map((one) => `Observation/o${one}`)));
  const put = observation(`o${action.what}`, world.nextMark());
  world.expect(
    'an update',
    session.update(action.how === 'put' ? { put: [put] } : { delete: [`Observation/o${action.what}`] }),
  );
}

function contextOf({ name, subject }: { readonly name: string; readonly subject: number }) {
  return name === 'Home-open' ? [] : (ALL_SUBJECTS[subject]?.context ?? []);
}
