import { FhircastClient, type TokenResponse } from 'fhircast-client';
import type { HttpCallbackEndpoint } from 'fhircast-client/callback';
import { Follower } from '../shared/follower.ts';
import { LiveState } from '../shared/live-state.ts';
import { NOTHING_YET } from '../shared/pane-state.ts';
import type { DictationCommand, DictationState } from './state.ts';

/** The draft's hubs call an app by its client id. By the same name it knows what is said about itself. */
const NAME = 'Dictation';

/** One user at one desk, as the dictation's server keeps it: the SDK runs here, not in the page. */
export class DictationSession {
  readonly live: LiveState<DictationState>;
  readonly #client: FhircastClient;
  readonly #follower: Follower;

  /**
   * Joins the session that a launch names.
   *
   * @param launch the token response of the page's SMART launch
   * @param callback where the hub's webhooks arrive
   * @param deserted called when the page has gone
   * @throws LaunchError when the launch leads to no session
   */
  static async join(launch: TokenResponse, callback: HttpCallbackEndpoint, deserted: () => void) {
    return new DictationSession(
      await FhircastClient.fromSmartLaunch(launch, { callback, subscriberName: NAME }),
      deserted,
    );
  }

  private constructor(client: FhircastClient, deserted: () => void) {
    this.#client = client;
    this.live = new LiveState<DictationState>({ ...NOTHING_YET, dictating: false }, deserted);
    this.#follower = new Follower(client, {
      changed: (state) => this.live.update(state),
      refusal: () => (this.live.current.dictating ? 'Dictation in progress' : undefined),
    });
  }

  /**
   * Does what the page asks for.
   *
   * @returns why the hub refused it; `undefined` when it did not
   */
  async handle(command: DictationCommand): Promise<string | undefined> {
    switch (command.do) {
      case 'open':
        return this.#follower.change('Patient-open', command.patient);
      case 'dictate':
        this.live.update({ dictating: command.on });
        // Whatever was refused meanwhile: the hub knows what is open now.
        if (!command.on) await this.#follower.catchUp();
        return undefined;
      case 'stop':
        this.#follower.stopAsking();
        return undefined;
      case 'leave':
        await this.leave();
        return undefined;
    }
  }

  /** Leaves the session. */
  leave(): Promise<void> {
    return this.#client.unsubscribe();
  }
}
