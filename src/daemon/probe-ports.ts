import { openDatagram } from '../addon/datagrams.js';
import { openDialer } from '../addon/dialer.js';
import type { ProbePorts } from '../health/ports.js';
import { openTlsContexts } from '../health/tls-context.js';
import { systemClock, wallMs } from '../system/clock.js';
import { systemRandom } from '../system/random.js';

/** The real world, for checks; commands are run as a configuration says. */
export const systemPorts = (): Omit<ProbePorts, 'runCommand'> => ({
  clock: systemClock,
  wallMs,
  random: systemRandom,
  dialer: openDialer(),
  tlsContext: openTlsContexts(),
  openDatagram,
});
