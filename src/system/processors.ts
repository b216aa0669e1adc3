import { readFileSync } from 'node:fs';

/** How many processors of this machine, on average, had nothing to do since it was asked last; undefined: it was asked just now. */
export type IdleProcessors = () => number | undefined;

/** Ticks of all processors since the machine started. */
export interface ProcessorTicks {
  readonly idle: number;
  readonly all: number;
  readonly processors: number;
}

/** Of the text of /proc/stat (proc_stat(5)): a processor that waits for a disk is idle, the time of guests is in that of users. */
export function ticksOf(text: string): ProcessorTicks {
  const [user = 0, nice = 0, system = 0, idle = 0, disk = 0, irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? [];
  const waiting = idle + disk;
  const all = user + nice + system + waiting + irq + softirq + steal;
  return { idle: waiting, all, processors: text.match(/^cpu\d/gm)?.length ?? 0 };
}

export function idleProcessors(read = (): string => readFileSync('/proc/stat', 'latin1')): IdleProcessors {
  let before = ticksOf(read());
  return () => {
    const now = ticksOf(read());
    const ticks = now.all - before.all;
    if (ticks <= 0) return undefined;
    const idle = ((now.idle - before.idle) / ticks) * now.processors;
    before = now;
    return Math.max(0, idle);
  };
}
