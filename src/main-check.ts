import { check } from './cli/check/check.js';
import { parseLvsd, usage } from './cli/lvsd-options.js';
import type { Output } from './cli/realserver.js';

/** bin/lvsd starts here if the first word is `check`: a bundle of its own, for the daemon's takes longer to load than most files to check. */

const output: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

async function checked(args: readonly string[]): Promise<number> {
  const order = parseLvsd(args, process.env);
  if (order === 'help') {
    output.out(usage);
    return 0;
  }
  if ('wrong' in order) {
    output.err(`lvsd: ${order.wrong}\n${usage}`);
    return 2;
  }
  return check(order, output, process.env);
}

// Not process.exit: what was printed into a pipe must get there.
checked(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 70;
    output.err(`lvsd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  },
);
