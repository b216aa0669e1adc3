/** What the manual says of a word. */
export interface Row {
  readonly syntax: string;
  readonly initial: string;
  readonly meaning: string;
  /** lvsd's own word: keepalived does not know it. */
  readonly own: boolean;
}

export type Table = ReadonlyMap<string, Row>;

/** `word | syntax | default | meaning` in each line; a `+` before the word marks lvsd's own. */
export const table = (text: string): Table =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const [word = '', syntax = '', initial = '', meaning = ''] = line.split(' | ');
        return [word.replace(/^\+/, ''), { syntax, initial, meaning, own: word.startsWith('+') }];
      }),
  );
