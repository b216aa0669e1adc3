import type { Scheduler } from '../api/schedulers.js';
import { schedulers } from '../schedulers/catalogue.js';
import { type ModuleState, moduleStates } from '../system/kernel-modules.js';

/** Every algorithm, and whether this kernel has it. */
export async function schedulerList(
  statesOf: (modules: readonly string[]) => Promise<ReadonlyMap<string, ModuleState>> = moduleStates,
): Promise<readonly Scheduler[]> {
  const all = [...schedulers.values()];
  const states = await statesOf(all.flatMap(({ module }) => module ?? []));
  return all.map(({ name, meaning, flags, module, runsIn }) => ({
    name,
    meaning,
    flags,
    engines: runsIn.map((engine) => (engine === 'engine' ? 'userspace' : 'kernel')),
    module: module ?? null,
    inKernel: module === undefined ? null : (states.get(module) ?? 'unknown'),
  }));
}
