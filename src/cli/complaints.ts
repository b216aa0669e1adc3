import { type Diagnostic, formatDiagnostic } from '../config/diagnostics.js';

/** Each complaint as `file:line:column: …` on a line of its own. */
export const complaintsText = (diagnostics: readonly Diagnostic[]): string =>
  diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic)}\n`).join('');
