import type { Configuration } from '../config/configuration.js';
import { directorRules } from './director-rules.js';
import { expectedOf } from './expected.js';
import { examine, type Finding } from './finding.js';
import { factsOf, type Shell } from './look.js';

/** What only the kernel's IPVS tells of itself. */
export interface KernelTold {
  /** Seconds after which it forgets an idle TCP connection; undefined: not known. */
  readonly idleSeconds: number | undefined;
  /** In its table; undefined: not known. */
  readonly connections: number | undefined;
}

/** Of a machine without IPVS, or where nobody may ask. */
export const nothingTold: KernelTold = { idleSeconds: undefined, connections: undefined };

/** What is wrong with this machine as a director. @throws LvsError DOCTOR_BLIND */
export async function examineDirector(
  configuration: Configuration,
  shell: Shell,
  kernel: KernelTold,
): Promise<readonly Finding[]> {
  const expected = expectedOf(configuration);
  const servers = [...new Set(expected.served.map(({ address }) => address))];
  const facts = await factsOf('this machine', shell, servers);
  return examine(directorRules, { facts, expected, ...kernel });
}
