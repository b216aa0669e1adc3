import { basename } from 'node:path';
import { check } from './cli/check/check.js';
import { convert } from './cli/convert/convert.js';
import { lvsctl } from './cli/lvsctl.js';
import { orSay, plan } from './cli/lvsd.js';
import { parseLvsd, usage } from './cli/lvsd-options.js';
import { type Output, realserver } from './cli/realserver.js';
import { run } from './daemon/run.js';

/** bin/lvsd and bin/lvsctl start here: the name we were called by, then the first word, choose a face. */

const output: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

async function lvsd(args: readonly string[]): Promise<number> {
  if (args[0] === 'realserver') return realserver(args.slice(1), output, process.env);
  if (args[0] === 'convert') return orSay(output, 'lvsd', () => convert(args.slice(1), output, process.env));
  const order = parseLvsd(args, process.env);
  if (order === 'help') {
    output.out(usage);
    return 0;
  }
  if ('wrong' in order) {
    output.err(`lvsd: ${order.wrong}\n${usage}`);
    return 2;
  }
  return orSay(output, 'lvsd', () => {
    if (order.command === 'check') return check(order, output, process.env);
    if (order.command === 'plan') return plan(order, output, process.env);
    return run(order, output, process.env);
  });
}

const [, program = 'lvsd', ...args] = process.argv;
const face = basename(program) === 'lvsctl' ? lvsctl(args, output, process.env) : lvsd(args);

// Not process.exit: what was printed into a pipe must get there.
face.then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 70;
    output.err(`lvsd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  },
);
