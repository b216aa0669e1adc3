import type { VirtualServer } from './configuration.js';
import type { SourceText } from './parse.js';
import type { Statement } from './tree.js';

/** What makes a line mean something else than it says: variables, conditions, repetitions. */
const ALIVE = /\$|~(?:SEQ|LST)|^[ \t]*@/m;
const INCLUDES = /\binclude/;

/** Blocks of one reading, by what they say and where: the name of each is its text, the line it begins in, and its file. */
export interface Blocks {
  /** All text that is in none of them: whatever stands there may change what a block means. */
  readonly surroundings: string;
  nameOf(statement: Statement): string | undefined;
}

/** undefined: a line of these files may mean another thing the next time though nobody has changed it. Pure. */
export function blocksOf(sources: readonly SourceText[], statements: readonly Statement[]): Blocks | undefined {
  if (sources.some(({ text }) => ALIVE.test(text))) return undefined;
  const linesOf = new Map(sources.map(({ file, text }) => [file, { text, starts: lineStarts(text) }]));
  if (linesOf.size < sources.length) return undefined; // a file that is included twice
  const names = new Map<Statement, string>();
  const rest = new Map(sources.map(({ file }) => [file, { parts: [] as string[], until: 0 }]));
  for (const statement of statements) {
    const { file } = statement.positionOf(0);
    const [lines, around] = [linesOf.get(file), rest.get(file)];
    if (lines === undefined || around === undefined || statement.texts[0] !== 'virtual_server') continue;
    const from = lines.starts[statement.line - 1] ?? 0;
    const to = lines.starts[statement.lastLine] ?? lines.text.length;
    if (from < around.until) continue; // a block that begins in the line in which another one ends
    const text = lines.text.slice(from, to);
    if (INCLUDES.test(text)) continue;
    names.set(statement, `${file}:${statement.line}\n${text}`);
    around.parts.push(lines.text.slice(around.until, from));
    around.until = to;
  }
  const surroundings = sources.map(({ file, text }) => {
    const { parts, until } = rest.get(file)!;
    return [file, ...parts, text.slice(until)].join('\n');
  });
  return { surroundings: surroundings.join('\0'), nameOf: (statement) => names.get(statement) };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/**
 * What a reading leaves to the next one of the same file: a virtual_server block about which there was nothing to say, that stands
 * where it stood, and around which nothing has changed, is not read again but is the same object. Who compares what was with what is
 * sees by that alone that it did not change.
 */
export class Reuse {
  #surroundings: string | undefined;
  #servers: ReadonlyMap<string, VirtualServer> = new Map();

  find(blocks: Blocks, name: string): VirtualServer | undefined {
    return blocks.surroundings === this.#surroundings ? this.#servers.get(name) : undefined;
  }

  keep(blocks: Blocks | undefined, servers: ReadonlyMap<string, VirtualServer>): void {
    this.#surroundings = blocks?.surroundings;
    this.#servers = servers;
  }
}
