/** Ours and FRR's vrrpd, each before the other: each way in which both can speak. */
// mostly waits
import '../helpers/own-machine.js';
import t from 'tap';
import { contests } from './interop/trial.js';

contests(t, { a: 'lvsd', b: 'frr' });
contests(t, { a: 'frr', b: 'lvsd' });
