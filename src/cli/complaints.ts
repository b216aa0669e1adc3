import { type Diagnostic, formatDiagnostic } from '../config/diagnostics.js';
import { excerpt, harmless, type Lines } from './check/excerpt.js';

/** How complaints are shown beyond their sentence. */
export interface Shown {
  /** For excerpts with a caret; absent: none. */
  readonly lines?: Lines;
  readonly colour?: boolean;
}

/** Each complaint as `file:line:column: …` on a line of its own, and below it the line that is meant. */
export const complaintsText = (diagnostics: readonly Diagnostic[], { lines, colour = false }: Shown = {}): string =>
  diagnostics
    .map((one) => {
      const below = lines === undefined ? '' : excerpt(one, lines, colour);
      return `${harmless(formatDiagnostic(one))}\n${below}`;
    })
    .join('');
