import { check } from './cli/check/check.js';
import { answer, endWith, orSay, output } from './cli/face.js';
import { parseLvsd } from './cli/lvsd-options.js';

/** bin/lvsd starts here if the first word is `check`: a bundle of its own, for the daemon's takes longer to load than most files to check. */

endWith(
  orSay(output, 'lvsd', () =>
    answer('lvsd', parseLvsd(process.argv.slice(2), process.env), output, (order) => check(order, output, process.env)),
  ),
);
