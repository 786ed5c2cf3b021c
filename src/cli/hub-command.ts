import {
  formatMessage,
  type HubPersonality,
  type LaunchForm,
  startTestEhr,
  startTestHub,
  type TestHub,
  type TestHubOptions,
} from 'fhircast-client/testing';
import { keysIn, takeKeys } from './chart-keys.ts';
import { Charts } from './charts.ts';
import { CONTROL_HEADER, openControl } from './control.ts';
import { Ending, EXIT, type ExitCode } from './exit-code.ts';
import { interrupted } from './interrupt.ts';

/** The arguments of `fhircast-client hub`. */
export interface HubArguments {
  readonly port: number;
  /** The launch URL of the developer's app. */
  readonly app: string;
  readonly personality?: HubPersonality;
  readonly dialect?: LaunchForm;
  readonly webhookOnly?: boolean;
  readonly content?: boolean;
}

const optionsOf = ({ port, personality, webhookOnly, content }: HubArguments): TestHubOptions => ({
  port,
  ...(personality ? { personality } : {}),
  ...(webhookOnly ? { traits: { channels: ['webhook'] } } : {}),
  ...(content === undefined ? {} : { content: content ? {} : false }),
  onMessage: (message) => console.log(formatMessage(message)),
});

/** Starts the hub, and ends with Ctrl+C. */
export async function runHub(args: HubArguments): Promise<ExitCode> {
  const hub = await start(args);
  const form = args.dialect ?? hub.traits.launchForm;
  const ehr = await startTestEhr({ hub, sameOrigin: true, launchParameters: form });
  const session = hub.openSession();
  const charts = new Charts(session, ehr.patients);
  const control = openControl(charts);
  hub.alongside(control.take);
  const parameters = session.launchParameters(form);
  const launch = ehr.launchUrl(args.app, { session });
  const { origin } = new URL(hub.url);

  // The token is printed because the developer copies it. It is good for made-up charts on this machine, until Ctrl+C.
  const lines = [
    `hub      ${parameters['hub.url'] ?? parameters['cast-hub']}`,
    `fhir     ${ehr.fhirUrl}`,
    `launch   ${launch}`,
    '',
    `FHIRCAST_HUB=${parameters['hub.url'] ?? parameters['cast-hub']}`,
    `FHIRCAST_TOPIC=${parameters['hub.topic'] ?? parameters['cast-session']}`,
    `FHIRCAST_TOKEN=${session.accessToken}`,
    ...(form === 'stu' ? [] : [`FHIRCAST_DIALECT=${form}`]),
    '',
    'open a chart by',
    `  curl -X POST -H "${CONTROL_HEADER}: ${control.key}" ${origin}/control/charts/${charts.all[0]?.id}/open`,
  ];
  for (const line of lines) console.log(line);

  const interrupt = interrupted();
  let quit: () => void = () => {};
  const quitted = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const release = takeKeys(charts, quit);
  if (release) console.log(`or by a key: ${keysIn(charts)}`);
  console.log('Patients are made up. Ctrl+C ends it. What the hub sees and sends:');
  await Promise.race([interrupt.happened, quitted]);
  release?.();
  await hub.close();
  interrupt.release();
  return EXIT.done;
}

async function start(args: HubArguments): Promise<TestHub> {
  try {
    return await startTestHub(optionsOf(args));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Ending(EXIT.failed, `Port ${args.port} is taken. Choose another --port.`);
    if (code === 'EACCES')
      throw new Ending(EXIT.failed, `Port ${args.port} may not be used. Choose a --port from 1024.`);
    throw error;
  }
}
