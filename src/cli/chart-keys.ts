import { emitKeypressEvents } from 'node:readline';
import type { Charts } from './charts.ts';

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly sequence?: string;
}

/**
 * Opens and closes charts by the keys of a terminal.
 *
 * @param quit called for `q` and for Ctrl+C, which is a key like others here
 * @returns gives the keyboard back; `undefined` where there is no terminal
 */
export function takeKeys(charts: Charts, quit: () => void): (() => void) | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  const press = (_text: string | undefined, { name, ctrl, sequence = '' }: Key): void => {
    if (name === 'q' || (ctrl && name === 'c')) quit();
    else if (name === 'c') void charts.closeCurrent();
    else if (/^[1-9]$/.test(sequence)) void charts.tell('open', charts.all[Number(sequence) - 1]?.id);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', press);
  stdin.resume();
  return () => {
    stdin.off('keypress', press);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** What the keys do, in words. */
export const keysIn = (charts: Charts): string =>
  [...charts.all.map(({ name }, index) => `${index + 1} ${name}`), 'c close', 'q quit'].join('   ');
