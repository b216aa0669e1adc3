import type { Configuration } from '../../config/configuration.js';
import type { Diagnostic } from '../../config/diagnostics.js';
import { hasErrors } from './verdict.js';

/** What `lvsd check --json` prints: docs/check.md has the schema. Every key is always there; what is not known is null. */
export interface Report {
  readonly file: string;
  /** No errors: `lvsd run` would take it. */
  readonly ok: boolean;
  readonly diagnostics: readonly ReportedDiagnostic[];
  /** Of the whole configuration; null if it was refused. */
  readonly services: number | null;
  readonly servers: number | null;
}

export interface ReportedDiagnostic {
  readonly severity: Diagnostic['severity'];
  readonly kind: Diagnostic['kind'];
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly message: string;
  readonly expected: string | null;
  readonly suggestion: string | null;
}

export function reportOf(
  file: string,
  diagnostics: readonly Diagnostic[],
  configuration: Configuration | undefined,
): Report {
  const ok = configuration !== undefined && !hasErrors(diagnostics);
  const counts = configuration === undefined || !ok ? undefined : countOf(configuration);
  return {
    file,
    ok,
    diagnostics: diagnostics.map(reported),
    services: counts?.services ?? null,
    servers: counts?.servers ?? null,
  };
}

const reported = ({
  severity,
  kind,
  position,
  length,
  message,
  expected,
  suggestion,
}: Diagnostic): ReportedDiagnostic => ({
  severity,
  kind,
  ...position,
  length,
  message,
  expected: expected ?? null,
  suggestion: suggestion ?? null,
});

export function countOf({ virtualServers }: Configuration): { readonly services: number; readonly servers: number } {
  const sum = (count: (server: Configuration['virtualServers'][number]) => number): number =>
    virtualServers.reduce((all, server) => all + count(server), 0);
  return { services: sum(({ services }) => services.length), servers: sum(({ realServers }) => realServers.length) };
}
