import { LvsError } from '../errors.js';
import type { NoOrder } from './arguments.js';

/** Where a face writes; process.stdout and process.stderr, or a test's list. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** What `out` is; absent: no terminal. */
  readonly terminal?: { readonly columns: number } | undefined;
}

export const output: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  get terminal() {
    return process.stdout.isTTY ? { columns: process.stdout.columns } : undefined;
  },
};

/**
 * What every program that people type does with its command line: help is printed and is no failure; a mistake is told with the usage,
 * exit status 2; an order is carried out.
 */
export function answer<Order extends object, Status>(
  program: string,
  order: Order | NoOrder,
  to: Output,
  carryOut: (order: Order) => Status,
): Status | number {
  if (isOrder(order)) return carryOut(order);
  if ('help' in order) {
    to.out(order.help);
    return 0;
  }
  to.err(`${program}: ${order.wrong}\n${order.usage}`);
  return 2;
}

const isOrder = <Order extends object>(told: Order | NoOrder): told is Order => !('help' in told || 'wrong' in told);

/** What went wrong, as a sentence on stderr and exit status 1; mistakes of ours are thrown on. */
export async function orSay(to: Output, program: string, run: () => Promise<number> | number): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LvsError)) throw error;
    to.err(`${program}: ${error.message}\n`);
    return 1;
  }
}

/** Of a shell's child that SIGPIPE ended. */
const BROKEN_PIPE = 141;

/** Not process.exit: what was printed into a pipe must get there. 70: a mistake of ours. */
export function endWith(face: Promise<number>): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE); // whoever read has seen enough
    throw error;
  });
  face.then(
    (status) => {
      process.exitCode = status;
    },
    (error: unknown) => {
      process.exitCode = 70;
      output.err(`lvsd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    },
  );
}
