import { type Candidate, changed, type Flow, type Scheduler, type SchedulerSettings } from './scheduler.js';

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

/** A service that lives: destinations come, change and go between the connections. */
export interface Rehearsal {
  /** In the kernel's order, as last told. */
  readonly candidates: readonly Candidate[];
  /** Place of the destination that this connection gets, undefined for none. The numbers of connections do not follow: see count. */
  arrive(flow: Flow): number | undefined;
  /** One step as the kernel makes it: one destination added (at the head), edited or removed. */
  change(candidates: readonly Candidate[]): void;
  /** Other numbers of connections, or `overloaded`, of the same destinations: what the algorithm sees when the next one arrives. */
  count(candidates: readonly Candidate[]): void;
}

/** A service that has no destination yet. */
export function rehearse<State>(scheduler: Scheduler<State>, settings: SchedulerSettings): Rehearsal {
  let candidates: readonly Candidate[] = [];
  let state = scheduler.prepare(settings, candidates);
  return {
    get candidates() {
      return candidates;
    },
    arrive(flow) {
      const choice = scheduler.choose(settings, candidates, state, flow);
      state = choice.state;
      return choice.index;
    },
    change(next) {
      state = changed(scheduler, settings, next, state, candidates);
      candidates = next;
    },
    count(next) {
      candidates = next;
    },
  };
}
