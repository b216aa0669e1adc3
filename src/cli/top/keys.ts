/** What somebody presses, by a name or as the character that it is. */
export type Key = string;

const sequences: ReadonlyMap<string, Key> = new Map([
  ['\x1b[A', 'up'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1bOA', 'up'],
  ['\x1bOB', 'down'],
  ['\x1bOC', 'right'],
  ['\x1bOD', 'left'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[6~', 'page-down'],
  ['\x1b[H', 'home'],
  ['\x1b[F', 'end'],
  ['\x1bOH', 'home'],
  ['\x1bOF', 'end'],
  ['\x1b[1~', 'home'],
  ['\x1b[4~', 'end'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\t', 'tab'],
  ['\x03', 'ctrl-c'],
  ['\x0c', 'ctrl-l'],
  ['\x15', 'ctrl-u'],
  ['\x1a', 'ctrl-z'],
  ['\x1b', 'escape'],
]);

/** A sequence of a key, a character, or what a terminal says that is none. */
const PRESSED = /\x1b\[[\d;]*[A-Za-z~]|\x1bO[A-Za-z]|./gsu;

/** What a terminal sends at once. Sequences that mean nothing here are left out. */
export const keysOf = (text: string): readonly Key[] =>
  (text.match(PRESSED) ?? []).flatMap(
    (one) => sequences.get(one) ?? (/^[\x20-\x7e\u00a0-\u{10ffff}]$/u.test(one) ? one : []),
  );
