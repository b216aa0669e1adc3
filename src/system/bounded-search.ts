import { createContext, Script } from 'node:vm';

const script = new Script('regex.exec(text)?.index ?? -1');
const room = createContext({ regex: /(?:)/, text: '' });

/**
 * Where a pattern with the flag g matches first, from its lastIndex on; -1: nowhere; undefined: it was not known after `budgetMs`.
 * A pattern that backtracks on a hostile text may otherwise take longer than anybody lives, and nothing else would run meanwhile.
 */
export function searchWithin(budgetMs: number, regex: RegExp, text: string): number | undefined {
  Object.assign(room, { regex, text });
  try {
    return script.runInContext(room, { timeout: budgetMs }) as number;
  } catch {
    return undefined; // out of time, or of the memory that patterns have for backtracking
  } finally {
    Object.assign(room, { regex: /(?:)/, text: '' });
  }
}
