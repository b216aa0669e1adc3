/** A machine of a pair: its routers and its link to the other one are the real ones; links, TCP and time are fakes. */
import { VrrpPair } from '../../src/daemon/vrrp-pair.js';
import { type VrrpOrder, vrrpOrderOf } from '../../src/daemon/vrrp-order.js';
import type { Told } from '../../src/vrrp/machine-types.js';
import { Router } from '../../src/vrrp/router.js';
import { configurationOf } from './configuration.js';
import { AdvertHub, FakeMachine } from './fake-adverts.js';
import { FakePairHub } from './fake-pair-network.js';
import { MemoryLog } from './memory-log.js';

export const KEY = 'correct horse battery staple';

export interface SideOptions {
  readonly priority?: number;
  readonly key?: string;
  /** More of global_defs, of each vrrp_instance, and of the file. */
  readonly globals?: string;
  readonly lines?: string;
  readonly more?: string;
  /** VRIDs; one router V<n> each. */
  readonly vrids?: readonly number[];
  readonly advertSeconds?: number;
}

export class PairSide {
  readonly machine: FakeMachine;
  readonly log = new MemoryLog();
  readonly told: (readonly [string, Told])[] = [];
  readonly router: Router;
  readonly pair: VrrpPair;
  readonly address: string;
  readonly peer: string;

  constructor(adverts: AdvertHub, tcp: FakePairHub, which: 1 | 2) {
    this.address = `10.77.0.${which}`;
    this.peer = `10.99.0.${3 - which}`;
    this.machine = new FakeMachine(this.address);
    const port = adverts.port();
    this.router = new Router({
      adverts: port,
      network: this.machine,
      trackers: { follow: () => undefined, look: () => 'unknown' },
      log: this.log,
      hmacOf: () => undefined,
      told: (instance, what) => {
        this.told.push([instance.name, what]);
        this.pair.told(instance, what);
      },
      changed: () => this.pair.changed(),
    });
    this.pair = new VrrpPair({
      router: this.router,
      network: tcp.network(`10.99.0.${which}`),
      clock: port.clock,
      // never both at once, unless a test says so
      random: { next: () => (which === 1 ? 0 : 0.9) },
      log: this.log,
    });
  }

  orderOf(options: SideOptions): VrrpOrder {
    const { priority = 100, key = KEY, globals = '', lines = '', more = '', vrids = [51], advertSeconds = 1 } = options;
    const text = `
global_defs {
  router_id ${this.address === '10.77.0.1' ? 'one' : 'two'}
  pair_peer ${this.peer}
  pair_key "${key}"
  ${globals}
}
${vrids
  .map(
    (vrid) => `vrrp_instance V${vrid} {
  version 3
  interface eth0
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int ${advertSeconds}
  ${lines}
  virtual_ipaddress { 10.77.0.${vrid}/24 }
}`,
  )
  .join('\n')}
${more}`;
    const order = vrrpOrderOf(configurationOf(text));
    if (order === undefined) throw new Error('nothing to hold');
    return order;
  }

  async follow(options: SideOptions): Promise<void> {
    const order = this.orderOf(options);
    await this.router.follow(order.vrrp, order.globals.vrrp);
    this.pair.follow(order);
  }

  get roles(): readonly string[] {
    return this.router.instances.map(({ instance }) => instance.state.is);
  }
}

export class TwoSides {
  readonly adverts = new AdvertHub();
  readonly tcp = new FakePairHub(this.adverts.clock);
  readonly one = new PairSide(this.adverts, this.tcp, 1);
  readonly two = new PairSide(this.adverts, this.tcp, 2);

  run(ms: number, stepMs = 10): Promise<void> {
    return this.adverts.clock.run(ms, stepMs);
  }

  /** `one` has the higher priority, and is master. */
  async settle(one: SideOptions = {}, two: SideOptions = {}): Promise<void> {
    await this.one.follow({ priority: 150, ...one });
    await this.two.follow({ priority: 100, ...two });
    await this.run(5000, 50);
  }

  close(): void {
    this.one.pair.close();
    this.two.pair.close();
  }
}
