import type { Diagnostic, Kind } from '../../config/diagnostics.js';

/** keepalived logs these and goes on. */
const LOGGED: ReadonlySet<Kind> = new Set<Kind>(['language', 'repair', 'include', 'host', 'security']);

/** `--strict`: what keepalived only logs is refused. Advice, and what only we do not do, stay warnings. */
export const strictly = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.map((one) => (LOGGED.has(one.kind) ? { ...one, severity: 'error' } : one));

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');

/**
 * What `keepalived -t` ends with: 6 for a script that is not safe or an include that must be there, 5 for any other complaint, 4 for the
 * file itself, 0 for none. keepalived knows no advice, and says nothing of an include that may be missing.
 */
export function keepalivedExitStatus(diagnostics: readonly Diagnostic[]): 0 | 4 | 5 | 6 {
  const classes = diagnostics.map(classOf);
  if (classes.includes(6)) return 6;
  if (classes.includes(5)) return 5;
  return classes.includes(4) ? 4 : 0;
}

function classOf({ kind, severity }: Diagnostic): 0 | 4 | 5 | 6 {
  switch (kind) {
    case 'security':
      return 6;
    case 'include':
      return severity === 'error' ? 6 : 0;
    case 'file':
      return 4;
    case 'advice':
    case 'unsupported':
      return severity === 'error' ? 5 : 0;
    case 'language':
    case 'repair':
    case 'host':
      return 5;
  }
}
