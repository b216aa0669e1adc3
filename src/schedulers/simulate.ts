import type { Candidate, Flow, Scheduler, SchedulerSettings } from './scheduler.js';

export interface Simulation {
  /** Place of the destination that each arrival got, -1 for none. */
  readonly choices: readonly number[];
  /** Arrivals by place. */
  readonly shares: readonly number[];
}

/** Sends arrivals through an algorithm. With `stay` each one remains an active connection of its destination, else it is gone at once. */
export function simulate<State>(
  scheduler: Scheduler<State>,
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  arrivals: Iterable<Flow>,
  stay = false,
): Simulation {
  const now = candidates.map((candidate) => ({ ...candidate }));
  const shares = now.map(() => 0);
  const choices: number[] = [];
  let state = scheduler.prepare(settings, now);
  for (const flow of arrivals) {
    const choice = scheduler.choose(settings, now, state, flow);
    state = choice.state;
    choices.push(choice.index ?? -1);
    if (choice.index === undefined) continue;
    shares[choice.index]!++;
    if (stay) now[choice.index]!.active++;
  }
  return { choices, shares };
}
