import type { ProbePorts } from '../health/ports.js';
import { systemClock } from '../system/clock.js';
import { systemRandom } from '../system/random.js';

const notYet = (): never => {
  throw new Error('not there yet');
};

/** The real world, for checks. */
export const systemPorts = (): ProbePorts => ({
  clock: systemClock,
  random: systemRandom,
  dialer: { knock: notYet, dial: notYet },
  openDatagram: notYet,
  runCommand: notYet,
});
