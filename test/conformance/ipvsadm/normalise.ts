import type { RecordedStep } from '../../unit/cli/ipvsadm/fixtures.js';

/** What can be compared of output that no two runs have in common: see driver/normalise.py, the same rules. */
export function normalise(kind: RecordedStep['volatile'], text: string): string | undefined {
  if (kind === 'conn') return connections(text);
  if (kind === 'rate' || kind === 'stats') return text.split('\n').map(withoutCounters).join('\n');
  return undefined;
}

function connections(text: string): string {
  const [first = '', second = '', ...rest] = text.split('\n');
  const entries = rest
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/^(\S+) +\d+:\d\d /, '$1 <t> ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .sort();
  return `${[first, second, ...entries].join('\n')}\n`;
}

function withoutCounters(line: string): string {
  if (!/^(TCP|UDP|SCTP|FWM| {2}->)/.test(line) || line.includes('Remote')) return line;
  return line.replace(/^(.*?)((?:\s*[0-9]+[KMGT]?){5})$/, (_, head: string) => `${head.trimEnd()} <n> <n> <n> <n> <n>`);
}
