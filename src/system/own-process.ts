import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { descriptorLimit } from './descriptors.js';

/** What this process costs. */
export interface OwnProcess {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Seconds since 1970. */
  readonly startSeconds: number;
  /** That the event loop was at work. */
  readonly loopActiveSeconds: number;
  /** undefined: there is no /proc. */
  readonly openDescriptors: number | undefined;
  readonly descriptorLimit: number | undefined;
}

export function ownProcess(): OwnProcess {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    startSeconds: performance.timeOrigin / 1000,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
    openDescriptors: openDescriptors(),
    descriptorLimit: descriptorLimit(),
  };
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1; // one is that of this question
  } catch {
    return undefined;
  }
}
