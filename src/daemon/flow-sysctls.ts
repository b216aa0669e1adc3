import type { Configuration } from '../config/configuration.js';
import type { Sysctl } from '../system/sysctl.js';
import { type Log, reasonOf } from '../system/log.js';

/**
 * The switches of IPVS that the flow policies of a file need. They hold for every service of the machine, so each is only ever turned
 * on, and turned back when nothing needs it any more.
 * @param weights of operators, by serverName: who has 0 shall be left by its clients, too
 */
export function flowSysctls(
  { virtualServers }: Configuration,
  weights: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  const someAreOut = hasOut(weights);
  for (const { deadFlows, removedFlows, services, realServers } of virtualServers) {
    if (services.every(({ settings }) => settings.engine !== undefined)) continue; // the kernel has no part in them
    const idles =
      deadFlows.do === 'keep' || deadFlows.do === 'drain' || realServers.some((one) => one.inhibitOnFailure);
    const persistent = services.some(({ settings }) => settings.persistent);
    // A flow whose server has left the table ends at its next packet; else that packet, and each after it, is dropped without a word.
    if ([deadFlows, removedFlows].some((flows) => flows.do === 'cut' || flows.do === 'drain'))
      needed.set('net/ipv4/vs/expire_nodest_conn', '1');
    // A client that sticks to a server of weight 0 would be sent there with each new connection.
    if (persistent && (idles || someAreOut)) needed.set('net/ipv4/vs/expire_quiescent_template', '1');
  }
  return needed;
}

/** Whether an operator has taken any server out of service. */
export const hasOut = (weights: ReadonlyMap<string, number>): boolean => [...weights.values()].includes(0);

/** Sets sysctls that a file needs and puts back what was there. Failures are logged: forwarding goes on without. */
export class NeededSysctls {
  readonly #sysctl: Sysctl;
  readonly #log: Log;
  readonly #before = new Map<string, string>();

  constructor(sysctl: Sysctl, log: Log) {
    this.#sysctl = sysctl;
    this.#log = log;
  }

  async apply(needed: ReadonlyMap<string, string>): Promise<void> {
    for (const name of [...this.#before.keys()]) if (!needed.has(name)) await this.#putBack(name);
    for (const [name, value] of needed) await this.#attempt(name, () => this.#set(name, value));
  }

  async restore(): Promise<void> {
    await this.apply(new Map());
  }

  async #set(name: string, value: string): Promise<void> {
    const have = await this.#sysctl.read(name);
    if (have === value) return;
    await this.#sysctl.write(name, value);
    this.#before.set(name, this.#before.get(name) ?? have);
    this.#log.info({ event: 'kernel.sysctl-set', name, value, before: have });
  }

  async #putBack(name: string): Promise<void> {
    const before = this.#before.get(name);
    this.#before.delete(name);
    if (before !== undefined) await this.#attempt(name, () => this.#sysctl.write(name, before));
  }

  async #attempt(name: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#log.error({ event: 'kernel.setting-refused', operation: `sysctl ${name}`, reason: reasonOf(error) });
    }
  }
}
