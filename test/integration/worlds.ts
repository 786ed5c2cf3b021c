import type { ChannelType, DialectName, SmartLaunchOptions } from '../../src/index.ts';
import type { HubPersonality, LaunchForm } from '../../src/testing/index.ts';

/** One row of the matrix: a version of FHIRcast and a way by which its events arrive. */
export interface WorldKind {
  readonly title: string;
  /** In which version's words the EHR names the hub and the session. */
  readonly form: LaunchForm;
  readonly dialect: DialectName;
  readonly channel: ChannelType;
  /** The version that the hub is, where it is that alone. */
  readonly personality?: HubPersonality;
  /** What an app is told of the hub. Default: the version and the channel, where the hub is one version alone. */
  readonly options?: Partial<SmartLaunchOptions>;
  /** How this version spells what the tests listen to; the first spelling is what is sent. */
  readonly spelling: Readonly<Record<'Patient-open' | 'Patient-close' | 'ImagingStudy-open' | 'SyncError', string[]>>;
  /** Whether an app tells the hub by an event that it did not follow after all. */
  readonly sendsSyncErrors: boolean;
  /** Whether the hub tells a late app what is open. Where it does not, the client asks. */
  readonly replays: boolean;
  /** In which form the hub tells the current context; a bare array has neither id nor time. */
  readonly context: 'envelope' | 'array' | 'object' | 'none';
  /** Whether the hub numbers the versions of a context. */
  readonly versions: boolean;
}

/** The spellings of 2019. */
const SPELLING_OF_2019 = {
  'Patient-open': ['open-patient-chart', 'switch-patient-chart'],
  'Patient-close': ['close-patient-chart'],
  'ImagingStudy-open': ['open-imaging-study', 'switch-imaging-study'],
  SyncError: ['sync-error'],
};

/** The spellings of STU1 and STU2. */
const SPELLING_OF_2020 = {
  'Patient-open': ['patient-open'],
  'Patient-close': ['patient-close'],
  'ImagingStudy-open': ['imagingstudy-open'],
  SyncError: ['syncerror'],
};

/** Every row of the matrix. */
export const WORLDS: readonly WorldKind[] = [
  {
    title: 'January 2019 draft by webhook',
    form: 'draft',
    dialect: 'draft',
    channel: 'webhook',
    spelling: SPELLING_OF_2019,
    sendsSyncErrors: false,
    replays: false,
    context: 'envelope',
    versions: false,
  },
  {
    title: 'May 2019 ballot by webhook',
    form: 'ballot',
    dialect: 'ballot',
    channel: 'webhook',
    spelling: SPELLING_OF_2019,
    sendsSyncErrors: true,
    replays: false,
    context: 'envelope',
    versions: false,
  },
  {
    title: 'STU1 by webhook',
    form: 'stu',
    dialect: 'stu1',
    channel: 'webhook',
    personality: 'stu1',
    spelling: SPELLING_OF_2020,
    sendsSyncErrors: true,
    replays: false,
    context: 'none',
    versions: false,
  },
  {
    title: 'February 2020 ballot by websocket',
    form: 'stu',
    dialect: 'stu1',
    channel: 'websocket',
    personality: 'stu1-websocket',
    spelling: SPELLING_OF_2020,
    sendsSyncErrors: true,
    replays: false,
    context: 'none',
    versions: false,
  },
  {
    title: 'STU2 by webhook',
    form: 'stu',
    dialect: 'stu2',
    channel: 'webhook',
    personality: 'stu2',
    spelling: SPELLING_OF_2020,
    sendsSyncErrors: true,
    replays: false,
    context: 'array',
    versions: false,
  },
  {
    title: 'STU2 by websocket',
    form: 'stu',
    dialect: 'stu2',
    channel: 'websocket',
    personality: 'stu2',
    spelling: SPELLING_OF_2020,
    sendsSyncErrors: true,
    replays: false,
    context: 'array',
    versions: false,
  },
  {
    title: 'STU3 by websocket',
    form: 'stu',
    dialect: 'stu3',
    channel: 'websocket',
    spelling: {
      'Patient-open': ['Patient-open'],
      'Patient-close': ['Patient-close'],
      'ImagingStudy-open': ['ImagingStudy-open'],
      SyncError: ['SyncError'],
    },
    sendsSyncErrors: true,
    replays: true,
    context: 'object',
    versions: true,
  },
];

/** The rows whose hub tells the current context. */
export const TELLING_WORLDS = WORLDS.filter(({ context }) => context !== 'none');

/** The rows whose hub does not. */
export const SILENT_WORLDS = WORLDS.filter(({ context }) => context === 'none');

/** The rows that one and the same hub can be. */
export const STANDARD_WORLDS = WORLDS.filter(({ personality }) => !personality);

/** The rows whose events arrive by webhook. */
export const WEBHOOK_WORLDS = WORLDS.filter(({ channel }) => channel === 'webhook');

/** The rows whose events arrive by websocket. */
export const SOCKET_WORLDS = WORLDS.filter(({ channel }) => channel === 'websocket');
