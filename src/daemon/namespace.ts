import { stat } from 'node:fs/promises';
import type { Configuration } from '../config/configuration.js';
import { LvsError } from '../errors.js';

/** Programming the tables of another network namespace than the file means would be worse than not starting. @throws LvsError NAMESPACE_OTHER */
export async function mustBeIn({ netNamespace, netNamespaceIpvs }: Configuration): Promise<void> {
  const wanted = { net_namespace: netNamespace, net_namespace_ipvs: netNamespaceIpvs };
  for (const [word, name] of Object.entries(wanted))
    if (name !== undefined && !(await isOurs(name === '' ? '/proc/1/ns/net' : `/run/netns/${name}`)))
      throw new LvsError('NAMESPACE_OTHER', [word, name === '' ? 'the first one' : name]);
}

/** The same file behind both names: namespaces(7). */
async function isOurs(path: string): Promise<boolean> {
  try {
    const [ours, other] = await Promise.all([stat('/proc/self/ns/net'), stat(path)]);
    return ours.ino === other.ino && ours.dev === other.dev;
  } catch {
    return false;
  }
}
