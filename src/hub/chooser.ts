import type { FhircastError } from '../errors/errors.ts';
import { canonicalName } from '../events/names.ts';
import { spellingsOf } from '../events/spellings.ts';
import type { ChannelType, Dialect, DialectName, Habits } from './dialect.ts';
import type { HubDiscovery } from './discovery.ts';
import type { HubProfile } from './profiles/profile.ts';
import { dialectOf } from './versions.ts';

/**
 * What decided: an option of the app, a profile, the launch parameters, the hub's discovery document, an answer of the hub, the
 * failure of what was tried before, or nothing of these.
 */
export type ChosenBy = 'option' | 'profile' | 'launch' | 'discovery' | 'answer' | 'failure' | 'default';

/** How the client talks to its hub, and why so. */
export interface HubChoice {
  /** Which FHIRcast it speaks. */
  readonly dialect: DialectName;
  /** What decided that. */
  readonly dialectBy: ChosenBy;
  /** How events arrive. */
  readonly channel: ChannelType;
  /** What decided that. */
  readonly channelBy: ChosenBy;
  /** The names of the profiles that were given. */
  readonly profiles: readonly string[];
  /** What the hub's answers showed it to need beyond its version. */
  readonly learnt: Partial<Habits>;
  /** What the hub says of itself, once it is known. */
  readonly discovery: HubDiscovery | undefined;
}

/** What is known before the hub has said anything. */
export interface ChooserOptions {
  /** The app's own word about the version. */
  readonly dialect: DialectName | undefined;
  /** The app's own word about the channel. */
  readonly channel: ChannelType | undefined;
  readonly profiles: readonly HubProfile[];
  /** What the launch parameters told; `undefined` where there was no launch. */
  readonly launched: DialectName | undefined;
  /** Whether the app can be called by webhook. */
  readonly hasCallback: boolean;
}

const VERSIONS: readonly (DialectName | undefined)[] = [undefined, 'stu1', 'stu2', 'stu3'];

/** The version in a discovery document: `STU2`, `2.0.0` and the like. The first ballot of STU3 is 2.1.0. */
const versionOf = (discovery: HubDiscovery | undefined): DialectName | undefined => {
  const [, major = 0, minor] =
    /^\s{0,8}(?:stu\s{0,8}|v)?([1-3])(?!\d)(?:\.(\d{1,8}))?/i.exec(discovery?.fhircastVersion ?? '') ?? [];
  return VERSIONS[Number(major) + (Number(major) === 2 && Number(minor) > 0 ? 1 : 0)];
};

/** With these statuses a hub says that it does not understand a request, and not that it refuses it. */
const NOT_UNDERSTOOD: readonly (number | undefined)[] = [400, 422, 501];

const isUnheardOf = ({ code, status }: FhircastError): boolean =>
  code === 'channel-no-endpoint' || NOT_UNDERSTOOD.includes(status);

/** Chooses how to talk to a hub: by the option, the profile, the launch, the discovery document, and the hub's answers. */
export class Chooser {
  readonly #options: ChooserOptions;
  readonly #profile: Partial<HubProfile>;
  /** What the hub has shown beyond doubt. */
  #learnt: Partial<Habits> = {};
  /** What the hub has shown, but not beyond doubt. */
  #suspected: Partial<Habits> = {};
  /** The version that an answer of the hub showed. */
  #answered: DialectName | undefined;
  /** The channel that was made last. */
  #tried: ChannelType | undefined;
  #failed: ChannelType | undefined;
  #discovery: HubDiscovery | undefined;
  #dialect: Dialect | undefined;

  /** @throws FhircastError `option-invalid` when there is no such dialect */
  constructor(options: ChooserOptions) {
    this.#options = options;
    this.#profile = Object.assign({}, ...options.profiles);
    dialectOf(this.#version[0]);
  }

  /** The hub's version with all that is known beyond it. */
  get dialect(): Dialect {
    this.#dialect ??= this.#compose();
    return this.#dialect;
  }

  /** How events arrive. */
  get channel(): ChannelType {
    return this.#channel[0];
  }

  /** Makes sure that it is known which channel is made. */
  take(): ChannelType {
    this.#tried = this.channel;
    return this.#tried;
  }

  /** What was chosen, and why. */
  get choice(): HubChoice {
    const [[dialect, dialectBy], [channel, channelBy]] = [this.#version, this.#channel];
    const profiles = this.#options.profiles.map(({ name }) => name);
    return { dialect, dialectBy, channel, channelBy, profiles, learnt: this.#shown, discovery: this.#discovery };
  }

  /** Whether nothing has told the version yet. */
  get isGuess(): boolean {
    const [version, by] = this.#version;
    return by === 'default' || by === 'failure' || (by === 'launch' && version === 'stu3');
  }

  /**
   * Where an event is sent, and where it is sent once more when the hub does not know the first URL. A POST on the bare hub ends
   * the sandbox hubs, which take events at the session's URL: nothing goes to the bare hub before it is known that it may.
   */
  get publishTo(): readonly Habits['publishTo'][] {
    const { publishTo } = this.dialect;
    const isKnown = this.#profile.publishTo !== undefined || this.#learnt.publishTo !== undefined;
    if (isKnown || dialectOf(this.#version[0]).publishTo === 'session') return [publishTo];
    return this.isGuess || publishTo === 'session' ? ['session', 'hub'] : [publishTo];
  }

  /** Whether the discovery document can tell something that is not known. */
  get mayDiscover(): boolean {
    const { dialect, channel } = this.#options;
    return this.dialect.discovery && !((dialect ?? this.#profile.dialect) && (channel ?? this.#profile.channel));
  }

  /** Takes what the hub says of itself. */
  discovered(discovery: HubDiscovery | undefined): void {
    this.#discovery = discovery;
    this.#dialect = undefined;
  }

  /** Takes what an answer of the hub shows of it. */
  learn({ version, ...habits }: Partial<Habits> & { readonly version?: DialectName }): void {
    this.#answered = version ?? this.#answered;
    this.#learnt = { ...this.#learnt, ...habits };
    this.#dialect = undefined;
  }

  /**
   * Takes what an answer of the hub makes likely, and others may answer too. It does not count against the hub's discovery
   * document: the hubs that need it have none.
   */
  suspect(habits: Partial<Habits>): void {
    this.#suspected = { ...this.#suspected, ...habits };
    this.#dialect = undefined;
  }

  get #shown(): Partial<Habits> {
    return { ...(this.#discovery ? {} : this.#suspected), ...this.#learnt };
  }

  /**
   * The channel that was chosen does not work.
   *
   * @param failed what came of it
   * @returns whether another one is worth trying
   */
  otherChannel(failed: FhircastError): boolean {
    const [channel, by] = this.#channel;
    if (by === 'option' || by === 'profile' || (this.#tried ?? channel) === 'webhook') return false;
    // The hub has shown meanwhile that it needs webhooks.
    if (channel === 'webhook') return true;
    if (!this.dialect.discovery) return false;
    // A hub that says nothing of itself may be older than websockets. Without a callback there is no other way.
    const mayBeOld = !this.#discovery && this.#options.hasCallback && isUnheardOf(failed);
    if (this.#discovery?.websocketSupport !== false && !mayBeOld) return false;
    this.#failed = channel;
    this.#dialect = undefined;
    return true;
  }

  get #version(): readonly [DialectName, ChosenBy] {
    const { dialect, launched } = this.#options;
    if (dialect) return [dialect, 'option'];
    if (this.#profile.dialect) return [this.#profile.dialect, 'profile'];
    if (launched === 'draft' || launched === 'ballot') return [launched, 'launch'];
    const discovered = versionOf(this.#discovery);
    if (discovered) return [discovered, 'discovery'];
    if (this.#answered) return [this.#answered, 'answer'];
    // Webhooks without a word about the version: hubs before STU2 have no such document.
    if (this.#failed && !this.#discovery) return ['stu1', 'failure'];
    return ['stu3', launched ? 'launch' : 'default'];
  }

  get #channel(): readonly [ChannelType, ChosenBy] {
    const { channel, hasCallback } = this.#options;
    if (channel) return [channel, 'option'];
    const { websocketSupport } = this.#discovery ?? {};
    const either = hasCallback && !websocketSupport ? 'webhook' : 'websocket';
    if (this.#profile.channel) return [this.#profile.channel === 'either' ? either : this.#profile.channel, 'profile'];
    if (this.#failed) return ['webhook', this.#discovery?.websocketSupport === false ? 'discovery' : 'failure'];
    const [version, by] = this.#version;
    // The answer that showed the version gave the endpoint of a websocket.
    if (by === 'answer') return ['websocket', by];
    if (websocketSupport === false && hasCallback) return ['webhook', 'discovery'];
    const own = dialectOf(version).channel;
    return [own === 'either' ? either : own, by];
  }

  #compose(): Dialect {
    const { name: _name, dialect: _dialect, channel: _channel, ...habits } = this.#profile;
    const version = dialectOf(this.#version[0]);
    const beyond = { ...this.#shown, ...habits };
    // Most hubs differ from their version in nothing: it is not copied for each session.
    if (Object.keys(beyond).length === 0 && !this.#discovery?.eventsSupported) return version;
    const dialect: Dialect = { ...version, ...beyond };
    return { ...dialect, spell: (name) => this.#spell(dialect, name) };
  }

  #spell(dialect: Dialect, name: string): readonly string[] {
    // Hubs that list their names may compare them to the letter.
    const listed = this.#discovery?.eventsSupported?.filter((theirs) => canonicalName(theirs) === name) ?? [];
    const own = listed.length > 0 ? listed : dialect.spell(name);
    return dialect.spellings === 'own' ? own : [...new Set([...own, ...spellingsOf(name)])];
  }
}
