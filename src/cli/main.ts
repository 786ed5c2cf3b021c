#!/usr/bin/env node
/** The command `fhircast-client`: a hub to develop against, and an ear on a real one. It stands on the package's own entry points. */
import { run } from './program.ts';

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await run(process.argv.slice(2));
