import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { profiles } from 'fhircast-client';
import { HUB_PERSONALITIES } from 'fhircast-client/testing';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { type HubArguments, runHub } from './hub-command.ts';
import { DEFAULT_EVENTS, type ListenArguments, runListen } from './listen-command.ts';

const EXIT_CODES = `
Exit codes:
  0  done, or ended by Ctrl+C
  1  something else failed
  2  the arguments cannot be used
  3  the hub does not take the token, or there is none
  4  the hub cannot be reached, or fails
  5  the hub refuses or ends the subscription`;

const HUB_EXAMPLES = `
Patients, charts and tokens are made up, and end with the command. It listens on 127.0.0.1 alone.

Examples:
  npx fhircast-client hub --app http://localhost:5173/launch.html
  npx fhircast-client hub --port 4000 --personality medplum-stu3
  npx fhircast-client hub --dialect draft --webhook-only

Charts are opened by the keys that it names, in a terminal, or by HTTP: docs/cli.md.`;

const LISTEN_EXAMPLES = `
The token is read from FHIRCAST_TOKEN, from --token-file, or asked for in a terminal. It is no argument, because other
users of the machine and the shell's history see arguments.

Events go to stdout, one a line; what becomes of the connection goes to stderr.

Examples:
  npx fhircast-client listen --hub https://hub.example.org/fhircast --topic 7f1c --token-file token.txt
  npx fhircast-client listen --json --count 1 --events Patient-open
${EXIT_CODES}`;

/** The version in package.json, which lies two folders above the built file and the source alike. */
const version = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

const webAddress = (text: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be an http or https URL.');
};

const names = (text: string): string[] => {
  const all = text.split(',').map((name) => name.trim());
  if (all.every((name) => name !== '')) return all;
  throw new InvalidArgumentError('They must be names, separated by commas.');
};

/** What was typed behind `=` may be a secret in the wrong place. */
const withoutValue = (text: string): string => text.replace(/(unknown option '[^'=]*)=[^\n]*'/, "$1'");

function program(started: (running: Promise<number>) => void): Command {
  const root = new Command('fhircast-client')
    .description('A FHIRcast hub to develop against, and an ear on a real one.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withoutValue(text)) })
    .showHelpAfterError('(--help tells what there is.)');

  root
    .command('hub')
    .description('start a hub and a SMART EHR with made-up patients on this machine')
    .addOption(
      new Option('--port <number>', 'the port on 127.0.0.1; 0 for a free one')
        .default(0)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--app <url>', "your app's launch URL, for the launch link")
        .default('http://localhost:3000/launch')
        .argParser(webAddress),
    )
    .addOption(new Option('--personality <name>', 'a hub of the field, with its quirks').choices(HUB_PERSONALITIES))
    .addOption(
      new Option('--dialect <form>', 'in which words apps are told of the session').choices(['draft', 'ballot', 'stu']),
    )
    .option('--webhook-only', 'offer no websockets')
    .option('--content', 'share content (STU3), also where the personality does not')
    .option('--no-content', 'share no content')
    .addHelpText('after', HUB_EXAMPLES)
    .action((options: HubArguments) => started(runHub(options)));

  root
    .command('listen')
    .description('follow the session of a real hub: one line for each event')
    .addOption(new Option('--hub <url>', 'the URL of the hub').env('FHIRCAST_HUB').argParser(webAddress))
    .addOption(new Option('--topic <id>', 'the session').env('FHIRCAST_TOPIC'))
    .option('--token-file <path>', 'a file that holds the token and nothing else')
    .option('--anonymous', 'send no token: the hub asks for none')
    .addOption(
      new Option('--events <names>', 'separated by commas')
        .default([...DEFAULT_EVENTS], 'opens and closes')
        .argParser(names),
    )
    .addOption(
      new Option('--profile <name>', 'what the hub needs beyond the text: docs/hubs.md').choices(Object.keys(profiles)),
    )
    .addOption(
      new Option('--dialect <version>', 'which FHIRcast the hub speaks')
        .choices(['draft', 'ballot', 'stu1', 'stu2', 'stu3'])
        .env('FHIRCAST_DIALECT'),
    )
    .option('--name <text>', 'by which other apps and their users know this one', 'fhircast-client listen')
    .addOption(
      new Option('--callback-port <number>', 'take webhooks on this port of 127.0.0.1').argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .addOption(
      new Option('--callback-url <url>', 'where the hub reaches that port, if elsewhere').argParser(webAddress),
    )
    .option('--allow-insecure', 'accept a hub without encryption on another machine, for test networks alone')
    .option('--json', 'print each event as JSON')
    .option('--show-content', 'print the resources too. THIS IS PROTECTED HEALTH INFORMATION where patients are real')
    .addOption(new Option('--count <number>', 'end after so many events').argParser(wholeNumber(1, 1_000_000_000)))
    // Taken, so that it can be refused without being repeated.
    .addOption(new Option('--token [value]').hideHelp())
    .addHelpText('after', LISTEN_EXAMPLES)
    .action((options: ListenArguments) => started(runListen(options)));
  return root;
}

/**
 * Runs the command.
 *
 * @param args without the names of Node and of the file
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    let running: Promise<number> | undefined;
    const root = program((promise) => {
      running = promise;
    });
    root.parse(args, { from: 'user' });
    return (await running) ?? EXIT.done;
  } catch (error) {
    // It has been told by commander; help and the version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    console.error(`error: ${error instanceof Error ? error.message : 'unknown'}`);
    return exitCodeOf(error);
  }
}
