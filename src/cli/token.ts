import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Ending, EXIT } from './exit-code.ts';

/** From where the token may come. */
export interface TokenSource {
  /** `--token-file`. */
  readonly tokenFile?: string;
}

/** Longer than any token. In bytes. */
const LIMIT = 64 * 1024;

/**
 * The access token: of the file, of `FHIRCAST_TOKEN`, or of whoever sits at the terminal.
 *
 * @throws Ending when there is none. It repeats nothing of what was read
 */
export async function readToken({ tokenFile }: TokenSource): Promise<string> {
  const text = tokenFile === undefined ? (process.env['FHIRCAST_TOKEN'] ?? (await ask())) : await readFile(tokenFile);
  // Editors write a mark before it, and an end of line behind it.
  const token = text.replace(/^\uFEFF/, '').trim();
  if (token === '')
    throw new Ending(EXIT.token, 'There is no token. Set FHIRCAST_TOKEN or --token-file, or say --anonymous.');
  if (/[^\x21-\x7e]/.test(token))
    throw new Ending(EXIT.token, 'What was given as the token has characters that no token has.');
  return token;
}

async function readFile(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(LIMIT), 0, LIMIT, null);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Ending(EXIT.token, `The token file cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Asks for it in a terminal, where nothing of it is shown. */
async function ask(): Promise<string> {
  if (!process.stdin.isTTY) return '';
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write('Token (it is not shown): ');
  try {
    return await new Promise<string>((resolve, reject) => {
      prompt.once('SIGINT', () => reject(new Ending(EXIT.token, 'No token was given.')));
      prompt.once('close', () => resolve(''));
      prompt.question('').then(resolve, reject);
    });
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}
