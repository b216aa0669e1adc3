import type { Check, CheckTarget } from '../../src/config/check.js';
import type { ProbePorts } from '../../src/health/ports.js';
import { Commands } from '../../src/daemon/commands.js';
import { systemPorts } from '../../src/daemon/probe-ports.js';
import type { Clock } from '../../src/system/clock.js';
import { MemoryLog } from './memory-log.js';

/** The real world, but for time and chance. */
export const probePorts = (clock: Clock, random = 0): ProbePorts => ({
  ...systemPorts(),
  runCommand: new Commands(clock, new MemoryLog()).runCommand,
  clock,
  random: { next: () => random },
});

export const targetAt = (port: number, more: Partial<CheckTarget> = {}): CheckTarget => ({
  address: '127.0.0.1',
  port,
  timeoutSeconds: 1,
  mark: 0,
  viaForwarding: false,
  ...more,
});

/** What every check has; tests of attempts do not look at it. */
export const anyCheck: Pick<Check, 'position' | 'pace'> = {
  position: { file: 'test.conf', line: 1, column: 1 },
  pace: {
    intervalSeconds: 5,
    retries: 1,
    retryDelaySeconds: 1,
    rise: 1,
    warmupSeconds: 0,
    alpha: false,
    logAllFailures: false,
  },
};
