import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ContentError } from '../../src/content/index.ts';
import { HubError, profiles, type SmartLaunchOptions } from '../../src/index.ts';
import type { TestHubOptions } from '../../src/testing/index.ts';
import { heldAt, heldBy, length, openContentWorld, put, report, type Sharer, updates } from './world.ts';

/** The hubs, each of a kind. */
const HUBS: Readonly<Record<string, { hub: TestHubOptions; client?: SmartLaunchOptions }>> = {
  'STU3, 409': { hub: { personality: 'stu3', currentContext: true } },
  'STU3, 202 and a SyncError': { hub: { content: { refusals: 'sync-error' } } },
  'updates of what is not current': { hub: { content: { nonCurrentUpdates: true } } },
  'echo first': { hub: { echoFirst: true, content: { selectVersions: 'told' } } },
  'an id judged anew, the version of a reopened anchor kept': {
    hub: { content: { repeatedIds: 'judged', reopenedVersion: 'same', replayedVersion: 'opened' } },
  },
  'IHE IRA': { hub: { personality: 'ira' } },
  Medplum: { hub: { personality: 'medplum-2026-08' }, client: { profile: profiles.medplum } },
  PowerCast: { hub: { personality: 'powercast' }, client: { profile: profiles.powerCast } },
};

const CLIENTS = 3;
const step = fc.record({
  act: fc.constantFrom(
    ...([
      'put',
      'put',
      'put',
      'own',
      'own',
      'delete',
      'decide',
      'decide',
      'select',
      'ehr',
      'drop',
      'lose',
      'duplicate',
    ] as const),
    ...(['loseAnswer', 'fail', 'open', 'reopen', 'back', 'home', 'close', 'pause', 'pause'] as const),
  ),
  who: fc.nat(CLIENTS - 1),
  what: fc.nat(3),
});

/** What may come of an update, where others change the same, the connection is lost or something else is opened. */
const isExpected = (error: unknown): boolean => error instanceof ContentError || error instanceof HubError;

const runs = Number(process.env['CONTENT_RUNS'] ?? 3);
const seed = process.env['CONTENT_SEED'] ? { seed: Number(process.env['CONTENT_SEED']) } : {};

it.each(Object.keys(HUBS))(
  'whatever is done in whatever order, everybody has the content of the hub, and no accepted update is lost: %s',
  async (kind) => {
    const { hub: hubOptions, client: clientOptions = {} } = HUBS[kind] ?? { hub: {} };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { hub, session, share, end } = await openContentWorld({ answerTimeoutMs: 100, ...hubOptions });
        const apps: Sharer[] = [];
        for (let i = 0; i < CLIENTS; i++)
          apps.push(await share(`App${i}`, { echoWithinMs: 150 }, { silenceMs: 400, ...clientOptions }));
        await session.publish('DiagnosticReport-open', report('r1'));
        /** What was accepted, by the anchor and its life. */
        const accepted = new Map<string, Set<string>>();
        let life = 0;
        const lives: Record<string, number> = { r1: 0 };
        const pending: Promise<unknown>[] = [];
        const hasLost = new Set<string>();
        let own = 0;
        const accept = (anchor: string, id: string) => {
          const key = `${anchor} ${lives[anchor]}`;
          accepted.set(key, (accepted.get(key) ?? new Set()).add(id));
        };
        const watch = (promise: Promise<unknown>) =>
          pending.push(
            promise.catch((error) => {
              if (!isExpected(error)) throw error;
            }),
          );
        for (const { act, who, what } of steps) {
          const { content, client } = apps[who] as Sharer;
          const anchor = content.current?.anchor;
          const id = `o${what}`;
          switch (act) {
            case 'put':
              watch(content.update({ put: length(id, `${act} ${who} ${own++}`) }));
              break;
            case 'own': {
              // Nobody deletes or replaces it.
              const name = `own-${who}-${own++}`;
              const [r] = anchor?.split('/').slice(-1) ?? [];
              const at = r && lives[r];
              watch(
                content.update({ put: length(name) }).then(() => {
                  if (r && lives[r] === at) accept(r, name);
                }),
              );
              break;
            }
            case 'delete':
              watch(content.update({ delete: `Observation/${id}` }));
              break;
            case 'decide': {
              const before = own++;
              watch(
                content.update((current) => ({
                  put: length(
                    id,
                    `${current.get('Observation', id)?.valueString?.slice(0, 20) ?? ''} ${who} ${before}`,
                  ),
                })),
              );
              break;
            }
            case 'select':
              watch(content.select([`Observation/${id}`, 'Observation/o0']));
              break;
            case 'ehr':
              await session.publish('DiagnosticReport-update', updates([put(length(id, `ehr ${own++}`))]));
              break;
            case 'drop':
              session.dropConnections();
              break;
            case 'lose':
              hasLost.add(`App${who}`);
              session.disturbNext('drop', { subscriber: `App${who}` });
              break;
            case 'duplicate':
              session.disturbNext('duplicate', { subscriber: `App${who}` });
              break;
            case 'loseAnswer':
              hub.loseNextAnswer({ arrives: what % 2 === 0 });
              break;
            case 'fail':
              hub.refuseNext({ kind: 'publish', status: 503 });
              break;
            case 'open':
              lives['r2'] ??= ++life;
              await session.publish('DiagnosticReport-open', report('r2'));
              break;
            case 'reopen':
            case 'back':
              lives['r1'] ??= ++life;
              await session.publish('DiagnosticReport-open', report('r1'));
              break;
            case 'home':
              await session.publish('Home-open');
              break;
            case 'close': {
              const r = what % 2 === 0 ? 'r1' : 'r2';
              if (lives[r] === undefined) break;
              delete lives[r];
              await session.publish('DiagnosticReport-close', report(r));
              break;
            }
            case 'pause':
              await new Promise((resolve) => setTimeout(resolve, what * 15));
              break;
          }
          void client;
        }
        await Promise.all(pending);
        // The session goes on: what is current has content that everybody gets to know.
        lives['r1'] ??= ++life;
        await session.publish('DiagnosticReport-open', report('r1'));
        const last = { ...length('last'), valueString: 'last' };
        await session.publish('DiagnosticReport-update', updates([put(last)]));
        const isThere = (app: Sharer) =>
          app.content.current?.status === 'known' &&
          app.content.current.anchor === 'DiagnosticReport/r1' &&
          heldBy(app) === heldAt(session);
        await Promise.all(apps.map((app) => app.until(() => isThere(app))));
        for (const [i, app] of apps.entries()) {
          expect(heldBy(app)).toBe(heldAt(session));
          // What is known of others is right, too. Of what was lost on a connection that lives, their next event will tell.
          for (const other of app.content.all)
            if (other.status === 'known' && !hasLost.has(`App${i}`) && heldAt(session, other.anchor) !== 'nothing')
              expect(heldBy(app, other.anchor)).toBe(heldAt(session, other.anchor));
        }
        for (const [key, ids] of accepted) {
          const [r = '', of] = key.split(' ');
          if (lives[r] !== Number(of)) continue;
          for (const name of ids) expect(heldAt(session, `DiagnosticReport/${r}`)).toContain(`\\"id\\":\\"${name}\\"`);
        }
        await end();
      }),
      { numRuns: runs, ...seed, endOnFailure: true },
    );
  },
  300_000,
);
