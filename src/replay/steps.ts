/** A line of a steps file. Lines count from 1. */
export type Step = { readonly line: number } & (
  | { readonly do: 'run'; readonly command: string }
  | { readonly do: 'in'; readonly port: string; readonly file: string }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'out'; readonly folder: string }
);

export interface StepError {
  readonly wrong: string;
}

/** A year: a simulated clock may go far, but not for ever. */
const LONGEST_WAIT = 31_536_000;

/** `run CLI-LINE`, `in IF PCAP`, `wait SECONDS`, `out DIR`; blank lines and those with # do nothing. */
export function readSteps(text: string): readonly Step[] | StepError {
  const steps: Step[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const step = stepOf(trimmed, i + 1);
    if ('wrong' in step) return { wrong: `line ${i + 1}: ${step.wrong}` };
    steps.push(step);
  }
  return steps;
}

function stepOf(text: string, line: number): Step | StepError {
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
  switch (word) {
    case 'run':
      return rest === '' ? { wrong: 'run what?' } : { line, do: 'run', command: rest };
    case 'in': {
      const [, port = '', file = ''] = /^(\S+)\s+(.+)$/.exec(rest) ?? [];
      return file === '' ? { wrong: 'in INTERFACE PCAP' } : { line, do: 'in', port, file };
    }
    case 'wait': {
      const seconds = /^\d{1,8}(\.\d{1,6})?$/.test(rest) ? Number(rest) : Number.NaN;
      if (!(seconds <= LONGEST_WAIT)) return { wrong: `wait SECONDS, up to ${LONGEST_WAIT}, not '${rest}'` };
      return { line, do: 'wait', seconds };
    }
    case 'out':
      return rest === '' ? { wrong: 'out to which folder?' } : { line, do: 'out', folder: rest };
    default:
      return { wrong: `'${word}' is none of run, in, wait, out` };
  }
}
