import { Router } from '../../src/vrrp/router.js';
import type { Told } from '../../src/vrrp/machine-types.js';
import type { Observed } from '../../src/vrrp/priority.js';
import { configurationOf } from './configuration.js';
import { type AdvertHub, FakeMachine } from './fake-adverts.js';
import { MemoryLog } from './memory-log.js';

export interface InstanceOptions {
  readonly name?: string;
  readonly vrid?: number;
  readonly lines?: string;
  readonly addresses?: string;
  readonly version?: 2 | 3;
}

/** One `vrrp_instance` as it is written. */
export const instance = (priority: number, options: InstanceOptions = {}): string => {
  const { name = 'V1', vrid = 51, lines = '', version = 3, addresses = '10.77.0.50/24' } = options;
  return `
  vrrp_instance ${name} {
    version ${version}
    interface eth0
    virtual_router_id ${vrid}
    priority ${priority}
    ${lines}
    virtual_ipaddress { ${addresses} }
  }
`;
};

/** One machine with its router, on the hub's link. */
export class Side {
  readonly machine: FakeMachine;
  readonly port: ReturnType<AdvertHub['port']>;
  readonly log = new MemoryLog();
  readonly told: { readonly router: string; readonly what: Told; readonly byGroup: boolean }[] = [];
  readonly router: Router;
  readonly tracked = new Map<string, Observed>();

  constructor(hub: AdvertHub, address: string) {
    this.machine = new FakeMachine(address);
    this.port = hub.port();
    this.router = new Router({
      adverts: this.port,
      network: this.machine,
      trackers: { follow: () => undefined, look: (_kind, name) => this.tracked.get(name) ?? 'unknown' },
      log: this.log,
      hmacOf: () => undefined,
      told: ({ name }, what, byGroup) => void this.told.push({ router: name, what, byGroup }),
      changed: () => undefined,
    });
  }

  /** As it comes over a socket: another object each time. */
  async follow(text: string, before?: Parameters<Router['follow']>[2]): Promise<void> {
    const { vrrp, globals } = configurationOf(text);
    await this.router.follow(vrrp, globals.vrrp, before);
  }

  get role(): string {
    return this.roles[0] ?? 'none';
  }
  get roles(): string[] {
    return this.router.instances.map(({ instance: { state } }) => state.is);
  }
}
