import { basename } from 'node:path';
import { check } from './cli/check/check.js';
import { convert } from './cli/convert/convert.js';
import { answer, endWith, orSay, output } from './cli/face.js';
import { lvsctl } from './cli/lvsctl.js';
import { plan } from './cli/lvsd.js';
import { parseLvsd } from './cli/lvsd-options.js';
import { replay } from './cli/replay.js';
import { realserver } from './cli/realserver.js';
import { token } from './cli/token.js';
import { run } from './daemon/run.js';
import { syncProcess } from './daemon/sync-process.js';
import { vrrpProcess } from './daemon/vrrp-process.js';

/** bin/lvsd and bin/lvsctl start here: the name we were called by, then the first word, choose a face. */

async function lvsd(args: readonly string[]): Promise<number> {
  if (args[0] === 'realserver') return realserver(args.slice(1), output, process.env);
  if (args[0] === 'convert') return orSay(output, 'lvsd', () => convert(args.slice(1), output, process.env));
  if (args[0] === 'replay') return orSay(output, 'lvsd', () => replay(args.slice(1), output, process.env));
  if (args[0] === 'token') return orSay(output, 'lvsd', () => token(args.slice(1), output));
  if (args[0] === 'sync') return orSay(output, 'lvsd', () => syncProcess(args.slice(1), output, process.env));
  if (args[0] === 'vrrp') return orSay(output, 'lvsd', () => vrrpProcess(args.slice(1), output, process.env));
  return orSay(output, 'lvsd', () =>
    answer('lvsd', parseLvsd(args, process.env), output, (order) => {
      if (order.command === 'check') return check(order, output, process.env);
      if (order.command === 'plan') return plan(order, output, process.env);
      return run(order, output, process.env);
    }),
  );
}

const [, program = 'lvsd', ...args] = process.argv;
endWith(basename(program) === 'lvsctl' ? lvsctl(args, output, process.env) : lvsd(args));
