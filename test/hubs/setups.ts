import { profiles, type SmartLaunchOptions } from '../../src/index.ts';
import type { HubPersonality, LaunchForm } from '../../src/testing/index.ts';
import type { WorldKind } from '../integration/worlds.ts';

/** One row of the table: a hub, a channel, and what an app has to say for it to work. */
export interface Setup {
  readonly hub: string;
  readonly personality: HubPersonality;
  readonly channel: 'websocket' | 'webhook';
  /** What the app says, in the words of the table; empty for nothing. */
  readonly says?: string;
  readonly options?: Partial<SmartLaunchOptions>;
  /** In which version's words the EHR names the hub and the session. */
  readonly form: LaunchForm;
  /** How this hub's EHR spells what it opens. */
  readonly opens: string;
  /** The version that is chosen. */
  readonly dialect: WorldKind['dialect'];
}

const OF_2019 = { form: 'draft', opens: 'open-patient-chart', dialect: 'draft' } as const;
const LATER = { form: 'stu', opens: 'Patient-open' } as const;

/** Every row of the table. */
export const SETUPS: readonly Setup[] = [
  { hub: 'January 2019 draft', personality: 'draft', channel: 'webhook', ...OF_2019 },
  { hub: 'May 2019 ballot', personality: 'ballot', channel: 'webhook', ...OF_2019, form: 'ballot', dialect: 'ballot' },
  { hub: 'STU1', personality: 'stu1', channel: 'webhook', ...LATER, dialect: 'stu1' },
  { hub: 'February 2020 ballot', personality: 'stu1-websocket', channel: 'websocket', ...LATER, dialect: 'stu1' },
  { hub: 'STU2', personality: 'stu2', channel: 'websocket', ...LATER, dialect: 'stu2' },
  {
    hub: 'STU2',
    personality: 'stu2',
    channel: 'webhook',
    says: "`channel: 'webhook'`",
    options: { channel: 'webhook' },
    ...LATER,
    dialect: 'stu2',
  },
  { hub: 'STU3', personality: 'stu3', channel: 'websocket', ...LATER, dialect: 'stu3' },
  { hub: 'IHE Integrated Reporting Applications', personality: 'ira', channel: 'websocket', ...LATER, dialect: 'stu3' },
  { hub: 'JavaScript sandbox, 2018', personality: 'js-sandbox-2018', channel: 'webhook', ...OF_2019 },
  {
    hub: 'JavaScript sandbox, 2018',
    personality: 'js-sandbox-2018',
    channel: 'websocket',
    says: "`profiles.jsSandbox2018`, `channel: 'websocket'`",
    options: { profile: profiles.jsSandbox2018, channel: 'websocket' },
    ...OF_2019,
  },
  { hub: 'JavaScript sandbox, 2024', personality: 'js-sandbox-2024', channel: 'websocket', ...LATER, dialect: 'stu3' },
  {
    hub: 'JavaScript sandbox, 2024',
    personality: 'js-sandbox-2024',
    channel: 'webhook',
    says: "`profiles.jsSandbox2024`, `channel: 'webhook'`",
    options: { profile: profiles.jsSandbox2024, channel: 'webhook' },
    ...LATER,
    dialect: 'stu3',
  },
  { hub: '.NET sandbox, 2019', personality: 'net-sandbox-2019', channel: 'webhook', ...OF_2019 },
  {
    hub: 'a Java hub, January 2019',
    personality: 'java-2019',
    channel: 'webhook',
    says: '`profiles.javaHub2019`, `profiles.unverifiedSignatures`',
    options: { profile: [profiles.javaHub2019, profiles.unverifiedSignatures] },
    ...OF_2019,
  },
  { hub: 'Medplum, STU2', personality: 'medplum-stu2', channel: 'websocket', ...LATER, dialect: 'stu2' },
  { hub: 'Medplum, STU3', personality: 'medplum-stu3', channel: 'websocket', ...LATER, dialect: 'stu3' },
  { hub: 'Medplum before 5.1.29', personality: 'medplum-2025', channel: 'websocket', ...LATER, dialect: 'stu3' },
  { hub: 'Medplum, mid 2026', personality: 'medplum-2026', channel: 'websocket', ...LATER, dialect: 'stu3' },
  { hub: 'Medplum, August 2026', personality: 'medplum-2026-08', channel: 'websocket', ...LATER, dialect: 'stu3' },
  {
    hub: 'the R4 proof of concept on Medplum',
    personality: 'medplum-r4',
    channel: 'websocket',
    ...LATER,
    dialect: 'stu3',
  },
  {
    hub: 'a reporting AI on Medplum',
    personality: 'rad-ai',
    channel: 'websocket',
    says: '`profiles.radAi`',
    options: { profile: profiles.radAi },
    ...LATER,
    dialect: 'stu3',
  },
  {
    hub: 'PowerCast',
    personality: 'powercast',
    channel: 'websocket',
    says: '`profiles.powerCast`',
    options: { profile: profiles.powerCast },
    ...LATER,
    dialect: 'stu2',
  },
  {
    hub: 'a Cast hub',
    personality: 'cast-hub',
    channel: 'websocket',
    says: '`profiles.castHub`',
    options: { profile: profiles.castHub },
    ...LATER,
    dialect: 'stu3',
  },
  {
    hub: 'a vendor’s .NET prototype',
    personality: 'net-prototype',
    channel: 'websocket',
    says: '`profiles.netPrototype`',
    options: { profile: profiles.netPrototype },
    ...LATER,
    dialect: 'stu2',
  },
  {
    hub: 'a hub that wants its endpoint back',
    personality: 'radiology',
    channel: 'websocket',
    says: '`profiles.radiology`',
    options: { profile: profiles.radiology },
    ...LATER,
    dialect: 'stu2',
  },
  {
    hub: 'a hub to which only 200 is a yes',
    personality: 'ok-only',
    channel: 'websocket',
    says: '`profiles.okOnly`',
    options: { profile: profiles.okOnly },
    ...LATER,
    dialect: 'stu2',
  },
  {
    hub: 'a hub that never confirms',
    personality: 'silent-confirmation',
    channel: 'websocket',
    says: '`profiles.noConfirmation`',
    options: { profile: profiles.noConfirmation },
    ...LATER,
    dialect: 'stu2',
  },
  {
    hub: 'a hub that answers with the bare URL',
    personality: 'bare-endpoint',
    channel: 'websocket',
    ...LATER,
    dialect: 'stu2',
  },
];

/** The world of a row. The spellings and what else a matrix of versions asks for are not looked at. */
export const worldOf = (setup: Setup): WorldKind => ({
  title: setup.hub,
  form: setup.form,
  dialect: setup.dialect,
  channel: setup.channel,
  personality: setup.personality,
  options: setup.options ?? {},
  spelling: { 'Patient-open': [setup.opens], 'Patient-close': [], 'ImagingStudy-open': [], SyncError: [] },
  sendsSyncErrors: false,
  replays: false,
  context: 'none',
  versions: false,
});
