import type { FaultAction, Step, UserAction } from './schedule.ts';
import { FOREIGN_SUBJECT, SUBJECTS } from './subjects.ts';
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

/** Whether a step is something that goes wrong. */
export const isFault = (action: UserAction | FaultAction): action is FaultAction => !USER_ACTIONS.has(action.kind);

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

function contextOf({ name, subject }: { readonly name: string; readonly subject: number }) {
  return name === 'Home-open' ? [] : (SUBJECTS[subject]?.context ?? []);
}
