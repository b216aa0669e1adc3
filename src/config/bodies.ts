/**
 * The text in the braces of a block, up to and with the line of the closing one. Blocks that say the same, letter by letter, have one
 * between them: whoever has read one of them knows what the others say.
 */
export interface Body {
  readonly text: string;
  /** How many lines that is. */
  readonly lines: number;
  /** How much of the text stands before the line of the closing brace. */
  readonly inside: number;
}

/** Longer ones are not compared: a file of nothing but braces would be compared with itself again and again. */
const LONGEST = 2000;
/** Of one keyword: servers of two weights come by turns. */
const MOST = 8;

/** The bodies that came last, by the keywords of their blocks. */
export class Bodies {
  readonly #known = new Map<string, Body[]>();

  /** The one that stands at `from`, in lines that end at `to`. */
  find(keyword: string, text: string, from: number, to: number): Body | undefined {
    const bodies = this.#known.get(keyword);
    if (bodies === undefined) return undefined;
    for (let i = bodies.length - 1; i >= 0; i--) {
      const body = bodies[i]!;
      const end = from + body.text.length;
      if (end <= to && text.slice(from, end) === body.text) return body;
    }
    return undefined;
  }

  /** One whose braces are in order: from behind its opening line, to behind its closing one, which begins at `closing`. */
  keep(keyword: string, text: string, from: number, closing: number, to: number, lines: number): Body | undefined {
    if (to - from > LONGEST) return undefined;
    const body = { text: text.slice(from, to), lines, inside: closing - from };
    const bodies = this.#known.get(keyword);
    if (bodies === undefined) this.#known.set(keyword, [body]);
    else if (bodies.push(body) > MOST) bodies.shift();
    return body;
  }
}
