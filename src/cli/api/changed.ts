/** What the API answers to a change, and how it is printed. */
import { counted, momentText, spanText } from '../amounts.js';
import type { Context } from '../lvsctl-entry.js';
import { sheetOf } from '../sheet.js';
import { type Column, tableText } from '../table.js';

export interface ChangeStep {
  readonly change: string;
  readonly service: string;
  readonly destination: string | null;
  readonly effect: 'none' | 'kept' | 'drained' | 'cut' | 'moved';
  /** null: not counted. */
  readonly established: number | null;
  readonly inactive: number | null;
}

export interface Pending {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly who: string;
}

export interface Changed {
  readonly dryRun: boolean;
  readonly revision: number;
  readonly steps: readonly ChangeStep[];
  readonly advice: readonly { readonly at: string; readonly detail: string }[];
  readonly pending: Pending | null;
  /** False: it holds until lvsd ends, for the disk did not take it. */
  readonly stored: boolean;
}

const inks = { none: undefined, kept: 'green', drained: 'yellow', cut: 'red', moved: 'yellow' } as const;

const effects: Readonly<Record<ChangeStep['effect'], string>> = {
  none: '-',
  kept: 'kept',
  drained: 'drained',
  cut: 'cut',
  moved: 'moved',
};

const stepColumns: readonly Column<ChangeStep>[] = [
  { title: 'CHANGE', of: ({ change }) => change },
  { title: 'CONNECTIONS', of: ({ effect }) => effects[effect], ink: ({ effect }) => inks[effect] },
  { title: 'ESTABLISHED', align: 'right', of: ({ established }) => String(established ?? '-') },
  { title: 'INACTIVE', align: 'right', of: ({ inactive }) => String(inactive ?? '-'), spare: 1 },
];

/** Answers with the exit status. */
export function printChanged(changed: Changed, { asked, output, environment }: Context, nowMs: number): number {
  if (asked.json) {
    output.out(`${JSON.stringify(changed)}\n`);
    return 0;
  }
  const { dryRun, steps, advice, stored } = changed;
  if (steps.length > 0) output.out(tableText(steps, stepColumns, sheetOf(output, environment)));
  output.out(`${outcomeText(changed, nowMs)}\n`);
  output.err(advice.map(({ at, detail }) => `${at}: ${detail}\n`).join(''));
  if (!stored && !dryRun) output.err('lvsctl: the disk did not take it: it holds until lvsd ends\n');
  return 0;
}

export function outcomeText({ dryRun, revision, steps, pending }: Changed, nowMs: number): string {
  const count = steps.length === 0 ? 'no change' : counted(steps.length, 'change');
  const what = `${count} of the forwarding table, ${touchedText(steps)}`;
  if (dryRun) return `${what}; nothing was done`;
  return [`revision ${revision}: ${what}`, ...(pending === null ? [] : [pendingText(pending, nowMs)])].join('\n');
}

function touchedText(steps: readonly ChangeStep[]): string {
  if (steps.some(({ established }) => established === null)) return 'connections were not counted';
  const touched = (['cut', 'drained', 'moved'] as const).flatMap((effect) => {
    const sum = steps.reduce((all, step) => all + (step.effect === effect ? (step.established ?? 0) : 0), 0);
    return sum === 0 ? [] : [`${sum} ${effect}`];
  });
  return touched.length === 0 ? 'no established connection touched' : `established connections: ${touched.join(', ')}`;
}

export const pendingText = ({ until }: Pending, nowMs: number): string =>
  `taken back at ${momentText(until)}, in ${spanText(until - nowMs)}, unless 'lvsctl confirm' is said before`;
