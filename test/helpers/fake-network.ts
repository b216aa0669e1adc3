/** What the kernel would say of a machine with two interfaces: the way to clients is by eth0, that to servers by eth1. */
import type { Link } from '../../src/links/rows.js';
import { routeTable, routeType } from '../../src/links/uapi.js';
import type { NetworkFacts } from '../../src/routing/facts.js';
import type { FactKind, NetworkSource } from '../../src/routing/kernel-network.js';

export const link = (index: number, name: string): Link => ({
  index,
  name,
  kind: 'veth',
  up: true,
  running: true,
  loopback: false,
  resolvesNeighbours: true,
  mtu: 1500,
  macAddress: `02:00:00:00:00:0${index}`,
});

export class FakeSource implements NetworkSource {
  readonly used: string[] = [];
  facts: NetworkFacts = {
    links: [link(2, 'eth0'), link(3, 'eth1')],
    addresses: [],
    routes: [
      {
        prefix: '0.0.0.0',
        prefixLength: 0,
        table: routeTable.main,
        priority: 0,
        type: routeType.unicast,
        ways: [{ index: 2, gateway: '192.0.2.1', weight: 1 }],
      },
      {
        prefix: '10.1.0.0',
        prefixLength: 24,
        table: routeTable.main,
        priority: 0,
        type: routeType.unicast,
        ways: [{ index: 3, weight: 1 }],
      },
    ],
    neighbours: [],
  };
  #onChange: (kinds: ReadonlySet<FactKind>) => void = () => undefined;
  closed = false;

  read<K extends FactKind>(kind: K): Promise<NetworkFacts[K]> {
    return Promise.resolve(this.facts[kind]);
  }
  useNeighbour(index: number, address: string): Promise<void> {
    this.used.push(`${index} ${address}`);
    return Promise.resolve();
  }
  watch(onChange: (kinds: ReadonlySet<FactKind>) => void): void {
    this.#onChange = onChange;
  }
  change(facts: Partial<NetworkFacts>): void {
    this.facts = { ...this.facts, ...facts };
    this.#onChange(new Set(Object.keys(facts) as FactKind[]));
  }
  close(): void {
    this.closed = true;
  }
}
