/** What may stand anywhere in the text, with an example each that must read without a complaint. */
export interface TextRow {
  readonly form: string;
  readonly meaning: string;
  /** Lines of a file; nothing in them may be an error. */
  readonly example: string;
}

const inGlobals = (...lines: readonly string[]): string => ['global_defs {', ...lines, '}'].join('\n');

export const textRows: readonly TextRow[] = [
  {
    form: '`#` and `!`',
    meaning: 'begin a comment, also within a word; `\\#` and `\\!` are the signs themselves',
    example: inGlobals('router_id a # b ! c'),
  },
  { form: '`"…"`', meaning: 'a word with blanks; quotes do not join words', example: inGlobals('router_id "a b"') },
  {
    form: '`SCRIPT`',
    meaning:
      "a program and its arguments in double quotes; `'…'` groups within; escapes `\\a \\b \\E \\f \\n \\r \\t \\v \\nnn \\xXX \\cC`; no shell",
    example: inGlobals('startup_script "/bin/true a \'b c\'"'),
  },
  {
    form: '`USER [[:]GROUP]`',
    meaning: 'behind a command: who runs it; `:GROUP` and `:` add the supplementary groups',
    example: inGlobals('startup_script "/bin/true" nobody :nogroup'),
  },
  {
    form: '`$NAME=VALUE`',
    meaning: 'defines a variable at the beginning of a line; `\\` at the end of the line continues it',
    example: `$ID=LB1\n${inGlobals('router_id $ID')}`,
  },
  {
    form: '`${NAME}`, `$NAME`',
    meaning: 'a variable; the second form before a blank, a comma, `)` or the end of the line',
    example: `$ID=LB1\n${inGlobals('router_id x${ID}y')}`,
  },
  {
    form: '`${_PWD}`, `${_INSTANCE}`',
    meaning: 'the directory of the file; the config-id',
    example: inGlobals('router_id ${_PWD}'),
  },
  { form: '`${_HASH}`, `${_BANG}`', meaning: '`#` and `!`', example: inGlobals('router_id a${_HASH}b') },
  {
    form: '`@ID text`, `@^ID text`',
    meaning: 'a line for this config-id only, or for every other',
    example: '@^nobody virtual_server_group G {\n@^nobody 10.0.0.1 80\n@^nobody }',
  },
  {
    form: '`~SEQ(VAR, [START,] [STEP,] END) text`',
    meaning: 'the line for each number; `~SEQx` in hexadecimal',
    example: 'virtual_server_group G {\n~SEQ(N, 1, 3) 10.0.0.$N 80\n}',
  },
  {
    form: '`~LST(VAR, a, b, …) text`',
    meaning: 'the line for each value; `~LST({V1,V2}, {a,b}, …)` for several variables',
    example: 'virtual_server_group G {\n~LST(N, 1, 3) 10.0.0.${N} 80\n}',
  },
];
