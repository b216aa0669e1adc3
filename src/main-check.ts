import { check } from './cli/check/check.js';
import { endWith, lvsdFace, output } from './cli/face.js';

/** bin/lvsd starts here if the first word is `check`: a bundle of its own, for the daemon's takes longer to load than most files to check. */

endWith(lvsdFace(process.argv.slice(2), (order) => check(order, output, process.env)));
