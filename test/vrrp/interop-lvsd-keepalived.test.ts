/** Ours before keepalived: each way in which both can speak. */
// mostly waits
import '../helpers/own-machine.js';
import t from 'tap';
import { contests } from './interop/trial.js';

contests(t, { a: 'lvsd', b: 'keepalived' });
