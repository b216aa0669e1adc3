import { type Order, parseLvsd, usage } from './lvsd-options.js';
import type { Output } from './realserver.js';

/** What every program that people type shares: where it prints, what it does with a wrong command line, how it ends. */
export const output: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** Runs what lvsd's command line asks for; help and complaints need nobody. Answers with the exit status. */
export async function lvsdFace(
  args: readonly string[],
  run: (order: Order) => Promise<number> | number,
): Promise<number> {
  const order = parseLvsd(args, process.env);
  if (order === 'help') {
    output.out(usage);
    return 0;
  }
  if ('wrong' in order) {
    output.err(`lvsd: ${order.wrong}\n${usage}`);
    return 2;
  }
  return run(order);
}

/** Not process.exit: what was printed into a pipe must get there. 70: a mistake of ours. */
export function endWith(face: Promise<number>): void {
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
