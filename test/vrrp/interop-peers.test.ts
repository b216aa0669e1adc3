/** keepalived and FRR among themselves: where these fail, something is wrong with the network of the tests, and not with us. */
// mostly waits
import '../helpers/own-machine.js';
import t from 'tap';
import type { Speech } from './interop/settings.js';
import { contests } from './interop/trial.js';

const plain = ({ unicast, vmac, authentication }: Speech): boolean => !unicast && !vmac && authentication !== 'pass';

contests(t, { a: 'keepalived', b: 'keepalived' }, plain);
contests(t, { a: 'keepalived', b: 'frr' }, plain);
contests(t, { a: 'frr', b: 'keepalived' }, plain);
