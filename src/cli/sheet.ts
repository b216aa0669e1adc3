import { wantsColour } from './check/excerpt.js';
import type { Output } from './face.js';

/** What is printed on. */
export interface Sheet {
  /** Columns; Infinity: it is no terminal, and nobody has said. */
  readonly width: number;
  readonly paint: Paint;
}

export type Ink = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'inverse';

/** Text in a colour, or as it is. */
export type Paint = (ink: Ink | undefined, text: string) => string;

const codes: Readonly<Record<Ink, number>> = {
  bold: 1,
  dim: 2,
  inverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (ink, text) =>
  ink === undefined || text === '' ? text : `\x1b[${codes[ink]}m${text}\x1b[0m`;

/** For who wants no colours, and must see all the same which row is chosen. */
const colourless: Paint = (ink, text) =>
  ink === 'bold' || ink === 'dim' || ink === 'inverse' ? coloured(ink, text) : text;

/** Of a whole screen. */
export const screenPaint = (environment: NodeJS.ProcessEnv): Paint =>
  wantsColour(true, environment) ? coloured : colourless;

/** $COLUMNS goes before what the terminal says. */
export function sheetOf({ terminal }: Output, environment: NodeJS.ProcessEnv): Sheet {
  const said = Number(/^[1-9]\d{0,4}$/.exec(environment['COLUMNS'] ?? '')?.[0] ?? 0);
  return {
    width: said > 0 ? said : (terminal?.columns ?? Infinity),
    paint: wantsColour(terminal !== undefined, environment) ? coloured : plain,
  };
}
