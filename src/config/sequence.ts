/** What `~SEQ` and `~LST` count through: the variables of each round, or the sentence that says what was expected. Pure. */
export type Rounds = readonly ReadonlyMap<string, string>[] | string;

const MOST_ROUNDS = 100_000;
const NAME = /^[A-Za-z_]\w*$/;

/** `VAR,[START,][STEP,]END`: `N,3` is 1 2 3; `M,3,1` is 3 2 1; `K,0,5,12` is 0 5 10. */
export function sequenceOf(facts: string, hexadecimal: boolean): Rounds {
  const [name = '', ...texts] = facts.split(',').map((text) => text.trim());
  const number = hexadecimal ? /^[0-9a-fA-F]{1,12}$/ : /^-?\d{1,15}$/;
  if (!NAME.test(name) || texts.length < 1 || texts.length > 3 || !texts.every((text) => number.test(text)))
    return '(VARIABLE,[START,][STEP,]END)';
  const numbers = texts.map((text) => Number.parseInt(text, hexadecimal ? 16 : 10));
  const end = numbers.at(-1) ?? 0;
  const start = numbers.length > 1 ? (numbers[0] ?? 1) : 1;
  const step = numbers.length > 2 ? (numbers[1] ?? 1) : end < start ? -1 : 1;
  if (step === 0 || (end - start) / step < 0) return 'a step that leads from the start to the end';
  const rounds = Math.floor((end - start) / step) + 1;
  if (rounds > MOST_ROUNDS) return `at most ${MOST_ROUNDS} rounds`;
  return Array.from(
    { length: rounds },
    (_, i) => new Map([[name, (start + i * step).toString(hexadecimal ? 16 : 10)]]),
  );
}

/** `VAR,a,b`, or several variables at once: `{V1,V2},{a,b},{c}`; members that are left out are empty. */
export function listOf(facts: string): Rounds {
  const members = [...facts.matchAll(/\{([^{}]*)\}|([^,{}]+)/g)].map(([, several, one = '']) =>
    several === undefined ? [one.trim()] : several.split(',').map((text) => text.trim()),
  );
  const [names = [], ...values] = members;
  if (names.length === 0 || !names.every((name) => NAME.test(name)) || values.length === 0)
    return '(VARIABLE,VALUE,...) or ({VARIABLE,...},{VALUE,...},...)';
  return values.map((row) => new Map(names.map((name, i) => [name, row[i] ?? ''])));
}
