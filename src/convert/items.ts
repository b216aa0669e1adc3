/** A piece of a configuration that is being written. */
export type Item =
  | { readonly comment: string }
  | { readonly line: string }
  | { readonly head: string; readonly items: readonly Item[] };

export const comment = (text: string): Item => ({ comment: text });
export const line = (...words: readonly (string | number)[]): Item => ({ line: words.join(' ') });
export const block = (head: string, items: readonly Item[]): Item => ({ head, items });

/** The text of a configuration: blocks with indented lines, an empty line between outermost blocks. */
export function configurationText(items: readonly Item[]): string {
  const pieces: string[] = [];
  let wasBlock = false;
  for (const item of items) {
    const isBlock = 'head' in item;
    if (pieces.length > 0 && (isBlock || wasBlock)) pieces.push('\n');
    pieces.push(itemText(item, ''));
    wasBlock = isBlock;
  }
  return pieces.join('');
}

function itemText(item: Item, indent: string): string {
  if ('comment' in item) return `${indent}# ${item.comment.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')}\n`;
  if ('line' in item) return `${indent}${item.line}\n`;
  const inside = item.items.map((one) => itemText(one, `${indent}    `)).join('');
  return `${indent}${item.head} {\n${inside}${indent}}\n`;
}

/** A value that is one word of the language, in quotes where it must be; undefined: it cannot be written. */
export function word(text: string): string | undefined {
  if (/^[\w.:/@%+,=*?-]+$/.test(text)) return text;
  return quoted(text);
}

/** In double quotes nothing is special but the quote itself, and a variable. */
export const quoted = (text: string): string | undefined =>
  /["\x00-\x1f\x7f]|\$[{A-Za-z_]/.test(text) || text === '' ? undefined : `"${text}"`;

/** A pattern in quotes: a quote in it is written as its number, everything else stays as it is. */
export function quotedPattern(text: string): string | undefined {
  if (/[\x00-\x1f\x7f]|\$[{A-Za-z_]/.test(text) || /^(?:[^\\]|\\[^])*\\$/.test(text) || text === '') return undefined;
  return `"${text.replace(/\\[^]|"/g, (sign) => (sign.endsWith('"') ? '\\x22' : sign))}"`;
}
