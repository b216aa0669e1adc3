/**
 * run/ — the parts of the test runner (../run.ts).
 * outcome.ts: what one test file said, judged · process.ts: runs one · queue.ts: runs those of a guest, inside it · guest.ts: the guest seen from outside.
 */
import { type FinalResults, Parser, type Result } from 'tap-parser';

/** One test file, run to its end. Plain data: it travels out of a guest as JSON. */
export interface Run {
  readonly file: string;
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How the process ended, unless by itself with status 0. */
  readonly trouble?: string;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why tests were skipped: reason → how many. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Each failure in full, ready to print. */
  readonly failures: readonly string[];
}

/**
 * Counts tests: a test is a subtest without subtests of its own, or an assertion outside of any subtest.
 * A file that failed in any other way (crashed, hung, ran nothing, broke its plan) counts as one more failed test.
 */
export function judge(run: Run): Outcome {
  const tally = new Tally();
  let final: FinalResults | undefined;
  const parser = new Parser((results) => (final = results));
  tally.watch(parser);
  parser.end(run.stdout);

  const { passed, skipped, reasons, failures } = tally;
  let { failed } = tally;
  const explained = failed > 0 && (run.trouble === undefined || run.trouble === 'exit status 1');
  if (!explained) {
    const reason = run.trouble ?? (final?.ok === true ? undefined : brokenTap(final));
    if (reason !== undefined) failures.push(reason);
    else if (passed + skipped === 0) failures.push('ran no test');
  }
  if (failed === 0 && failures.length > 0) failed = 1;
  if (failed > 0 && run.stderr.trim() !== '') failures.push(`stderr:\n${indent(run.stderr.trim())}`);
  return { passed, failed, skipped, reasons, failures };
}

class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  readonly reasons = new Map<string, number>();
  readonly failures: string[] = [];

  watch(parser: Parser): void {
    let innermost = false; // the child that ended last had no child of its own
    parser.on('child', (child: Parser) => {
      innermost = true;
      child.on('child', () => (innermost = false));
      this.watch(child);
    });
    parser.on('assert', (result: Result) => {
      const skipped = result.skip !== false || result.todo !== false;
      if (skipped) this.#because(result.skip !== false ? result.skip : result.todo);
      if (result.closingTestPoint ? innermost : parser.level === 0 || skipped) this.#count(result.ok, skipped);
      if (!result.ok && !skipped && !result.closingTestPoint) this.failures.push(describe(result));
    });
  }

  #because(reason: string | boolean): void {
    const words = typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
    this.reasons.set(words, (this.reasons.get(words) ?? 0) + 1);
  }

  #count(ok: boolean, skipped: boolean): void {
    if (skipped) this.skipped += 1;
    else if (ok) this.passed += 1;
    else this.failed += 1;
  }
}

function describe({ fullname, diag }: Result): string {
  const facts = diag === null || typeof diag !== 'object' ? [] : Object.entries(diag as Record<string, unknown>);
  const lines = facts.map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text.includes('\n') ? `${name}:\n${indent(text.trimEnd())}` : `${name}: ${text}`;
  });
  return `${fullname}${lines.map((line) => `\n${indent(line)}`).join('')}`;
}

function brokenTap(final: FinalResults | undefined): string {
  const errors = (final?.failures ?? []).flatMap((failure) => (failure.tapError === null ? [] : [failure.tapError]));
  return ['the output is not whole TAP', ...errors].join('; ');
}

export const indent = (text: string): string => text.replaceAll(/^/gm, '    ');
