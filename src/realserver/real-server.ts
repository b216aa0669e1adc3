import { isLvsError, LvsError } from '../errors.js';
import type { DecapsulationPorts } from '../links/decapsulation-ports.js';
import type { AddressOrder, Links } from '../links/links.js';
import type { Tunnel } from '../links/tunnels.js';
import { familyOf } from '../model/address.js';
import type { StateFile } from '../system/state-file.js';
import type { Sysctl } from '../system/sysctl.js';
import { emptyMemory, type Memory, parseMemory, printMemory } from './memory.js';
import {
  type DscpMapping,
  fullLength,
  interfaceOf,
  type Observed,
  type Plan,
  plan,
  type Step,
  sysctlsOf,
  type Wish,
} from './plan.js';
import { remember, undo, type Undoing, withDscp, withVip } from './undo.js';

/** The port: what a DSCP means, in the kernel. */
export interface DscpMappings {
  list(): Promise<readonly DscpMapping[]>;
  /** In place of what the same DSCP meant for that family. */
  add(mapping: DscpMapping): Promise<void>;
  delete(mapping: DscpMapping): Promise<void>;
}

export interface Surroundings {
  readonly links: Pick<
    Links,
    'list' | 'addresses' | 'addTunnel' | 'deleteLink' | 'setUp' | 'addAddress' | 'deleteAddress'
  >;
  readonly ports: Pick<DecapsulationPorts, 'list' | 'add' | 'delete'>;
  /** Not asked unless L3DSR is. */
  readonly dscps: DscpMappings;
  readonly sysctl: Sysctl;
  readonly state: StateFile;
  /** The network namespace this is: `net:[4026531840]`. */
  readonly namespace: string;
}

/** This machine as a real server: observes, does what a plan says, and remembers before each step what it changes. */
export class RealServer {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async plan(wish: Wish): Promise<Plan> {
    return plan(wish, await this.#observe(sysctlsOf(wish), wish.dscps.length > 0));
  }

  /** Stops at the first step that fails; what was done until then is remembered, so undoing and trying again both work. */
  async apply(wish: Wish, steps: readonly Step[], done: (step: Step) => void): Promise<void> {
    let memory = (await this.#recall()) ?? emptyMemory(await this.#boot(), this.#around.namespace);
    for (const vip of wish.vips) {
      const holder = interfaceOf(wish, familyOf(vip));
      const added = steps.some((step) => step.do === 'add-address' && step.address === vip);
      memory = withVip(memory, holder, vip, added);
    }
    for (const mapping of wish.dscps) memory = withDscp(memory, mapping);
    await this.#save(memory);
    for (const planned of steps) {
      const step =
        planned.do === 'set-sysctl' ? { ...planned, was: await this.#around.sysctl.read(planned.name) } : planned;
      const next = remember(memory, step);
      if (next !== memory) await this.#save(next);
      memory = next;
      await this.#perform(step);
      done(step);
    }
  }

  /** What undoing would do, for all VIPs or those named; undefined: nothing is remembered. */
  async planUndo(vips?: readonly string[]): Promise<Undoing | undefined> {
    const memory = await this.#recall();
    if (memory === undefined) return undefined;
    return undo(memory, await this.#observe(Object.keys(memory.sysctls), memory.dscps.length > 0), vips);
  }

  async applyUndo({ steps, rest }: Undoing, done: (step: Step) => void): Promise<void> {
    for (const step of steps) {
      await this.#perform(step);
      done(step);
    }
    await (rest === undefined ? this.#around.state.remove() : this.#save(rest));
  }

  async #observe(names: readonly string[], withDscps: boolean): Promise<Observed> {
    const { links, ports, dscps } = this.#around;
    const [list, addresses, open] = await Promise.all([links.list(), links.addresses(), ports.list()]);
    const nameOf = new Map(list.map(({ index, name }) => [index, name]));
    const sysctls = new Map<string, string>();
    for (const name of names) {
      const value = await this.#readIfThere(name);
      if (value !== undefined) sysctls.set(name, value);
    }
    return {
      sysctls,
      ports: open,
      dscps: withDscps ? await dscps.list() : [],
      links: list,
      addresses: addresses.map((row) => ({ ...row, interface: nameOf.get(row.index) ?? '' })),
    };
  }

  async #readIfThere(name: string): Promise<string | undefined> {
    try {
      return await this.#around.sysctl.read(name);
    } catch (error) {
      if (isLvsError(error, 'SYSCTL_ABSENT')) return undefined;
      throw error;
    }
  }

  async #perform(step: Step): Promise<void> {
    const { links, ports, sysctl, dscps } = this.#around;
    switch (step.do) {
      case 'add-tunnel':
        // the module brings the device along: "already there" is then what was wanted
        return links.addTunnel(tunnelOrder(step)).catch(unless('LINK_EXISTS'));
      case 'set-sysctl':
        return sysctl.write(step.name, step.value);
      case 'open-port':
        return ports.add(step);
      case 'close-port':
        return ports.delete(step);
      case 'set-up':
      case 'set-down':
        return links.setUp(step.interface, step.do === 'set-up');
      case 'delete-link':
        return links.deleteLink(step.interface);
      case 'add-address':
        return links.addAddress(addressOrder(step)).catch(unless('LINK_EXISTS'));
      case 'map-dscp':
        return dscps.add({ dscp: step.dscp, vip: step.vip });
      case 'unmap-dscp':
        return dscps.delete({ dscp: step.dscp, vip: step.vip });
      case 'delete-address':
        return links.deleteAddress(addressOrder(step)).catch(unless('LINK_NO_SUCH_ADDRESS'));
    }
  }

  /** A memory of an earlier boot is about a machine that no longer is. */
  async #recall(): Promise<Memory | undefined> {
    const { state, namespace } = this.#around;
    const text = await state.read().catch((cause: unknown) => unreadable(state.path, (cause as Error).message, cause));
    if (text === undefined) return undefined;
    const memory = parseMemory(text);
    if (memory === undefined)
      return unreadable(state.path, "it is not what 'lvsd realserver' wrote; move it away and undo by hand");
    if (memory.boot !== (await this.#boot())) return undefined;
    if (memory.namespace !== namespace) throw new LvsError('REALSERVER_STATE_FOREIGN', [state.path]);
    return memory;
  }

  async #save(memory: Memory): Promise<void> {
    const { state } = this.#around;
    try {
      await state.write(printMemory(memory));
    } catch (cause) {
      throw new LvsError('REALSERVER_STATE_UNWRITABLE', [state.path, (cause as Error).message], { cause });
    }
  }

  #boot(): Promise<string> {
    return this.#around.sysctl.read('kernel/random/boot_id');
  }
}

function unreadable(path: string, why: string, cause?: unknown): never {
  throw new LvsError('REALSERVER_STATE_UNREADABLE', [path, why], { cause });
}

const tunnelOrder = ({ interface: name, kind }: Step & { readonly do: 'add-tunnel' }): Tunnel =>
  kind === 'any6' ? { name, kind: 'ip6tnl', inner: 'any', external: true } : { name, kind };

/** On lo an IPv4 address of scope host is never chosen as a source by itself; IPv6 says the same with a lifetime. */
function addressOrder({
  interface: name,
  address,
}: {
  readonly interface: string;
  readonly address: string;
}): AddressOrder {
  const family = familyOf(address);
  const order = { interface: name, address, prefixLength: fullLength(family) };
  return family === 'ip4' ? { ...order, scope: 'host' } : { ...order, nodad: true, preferredSeconds: 0 };
}

const unless =
  (code: 'LINK_EXISTS' | 'LINK_NO_SUCH_ADDRESS') =>
  (error: unknown): void => {
    if (!isLvsError(error, code)) throw error;
  };
