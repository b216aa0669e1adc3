/** Two of ours: each way in which they can speak version 2, signatures too. */
// mostly waits
import '../helpers/own-machine.js';
import t from 'tap';
import { contests } from './interop/trial.js';

contests(t, { a: 'lvsd', b: 'lvsd' }, ({ version }) => version === 2);
