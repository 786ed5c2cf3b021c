import { stayAwake } from './awake.ts';
import { type Subject, usageOf } from './subject.ts';

/** One who takes part in a comparison. */
export interface Contender {
  readonly name: string;
  /** The processes whose work is measured. */
  readonly subjects: readonly Subject[];
  /** Makes messages, and returns what sends them and resolves when each has been answered. */
  prepare(count: number): () => Promise<void>;
}

/** What one round cost, in seconds. */
export interface Round {
  /** From the first message to the last answer. */
  readonly elapsed: number;
  /** Processor time of the subjects alone. */
  readonly processor: number;
}

/** How a comparison is run. */
export interface Plan {
  /** How many rounds count. */
  readonly rounds: number;
  /** How many rounds come before, for the compiler and the sockets to warm up. */
  readonly warmUp: number;
  /** How many messages a round has. */
  readonly messages: number;
}

const usageOfAll = async (subjects: readonly Subject[]): Promise<number> =>
  (await Promise.all(subjects.map(usageOf))).reduce((sum, usage) => sum + usage, 0);

/**
 * Lets one contender have its messages.
 *
 * @param messages how many
 */
export async function run({ subjects, prepare }: Contender, messages: number): Promise<Round> {
  const send = prepare(messages);
  const before = await usageOfAll(subjects);
  const start = performance.now();
  await stayAwake(send);
  const elapsed = (performance.now() - start) / 1000;
  return { elapsed, processor: (await usageOfAll(subjects)) - before };
}

/**
 * Lets contenders take turns: A B C, C B A, A B C … so that what slows the machine down for a while slows all of them down,
 * and none is always the first.
 *
 * @param progress called before every round
 * @returns the rounds by the contender's name
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, warmUp, messages }: Plan,
  progress: (text: string) => void,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      progress(`${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}: ${contender.name}`);
      const result = await run(contender, messages);
      if (round >= 0) results.get(contender.name)?.push(result);
    }
  }
  return results;
}
