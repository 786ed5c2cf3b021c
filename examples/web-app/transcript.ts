import { styleText } from 'node:util';
import { formatMessage, type HubMessage } from 'fhircast-client/testing';
import type { TourStep } from './tour.ts';

type Style = Parameters<typeof styleText>[0];

/** Writes to the terminal, in colour where there is one. */
export class Transcript {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  /** One line of text. */
  say(text = '', style?: Style): void {
    this.#out.write(`${this.#paint(text, style)}\n`);
  }

  /** One message of the protocol, redacted. */
  message(message: HubMessage): void {
    this.say(`  ${formatMessage(message)}`, styleOf(message));
  }

  /** One step of the tour. */
  step({ number, title, seen, missing, tookMs }: TourStep): void {
    const mark = seen ? this.#paint('✓', 'green') : this.#paint('✗', 'red');
    this.say(`${mark} ${String(number).padStart(2)}. ${this.#paint(title, 'bold')} (${Math.round(tookMs)} ms)`);
    for (const line of missing) this.say(`      not seen: ${line}`, 'red');
  }

  #paint(text: string, style: Style | undefined): string {
    return style && this.#out.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
  }
}

function styleOf({ kind, status, direction }: HubMessage): Style | undefined {
  if (kind === 'deny' || kind === 'malformed' || (status !== undefined && status >= 400 && status < 600)) return 'red';
  if (kind === 'publish') return 'cyan';
  if (kind === 'notify') return 'green';
  return direction === 'out' || kind === 'answer' ? 'gray' : undefined;
}
