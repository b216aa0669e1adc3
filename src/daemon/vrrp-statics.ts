import type { Statics } from '../config/static/statics.js';
import type { LinkNews } from '../links/link-watch.js';
import type { Log } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { addressHolding, type Holding, routeHolding, ruleHolding, textOf } from '../vrrp/holdings.js';
import { HeldThings } from './vrrp-held.js';
import type { VrrpNetwork } from './vrrp-network.js';

export interface VrrpStaticsOptions {
  readonly network: VrrpNetwork;
  readonly log: Log;
  /** Somebody removed something whose track_group names this router. It is put back all the same. */
  readonly lost: (router: string, what: string) => void;
}

/** Of whom things are in logs. */
const HOLDER = 'static';

/** static_ipaddress, static_routes and static_rules: had whatever the virtual routers do, and put back when somebody removes them. */
export class VrrpStatics {
  readonly #options: VrrpStaticsOptions;
  readonly #things: HeldThings;
  readonly #mailbox = new Mailbox();
  readonly #silence: () => void;
  #statics: Statics | undefined;
  #desired: readonly Holding[] = [];

  constructor(options: VrrpStaticsOptions) {
    this.#options = options;
    this.#things = new HeldThings(HOLDER, options.network.within, (holding) => this.#miss(holding));
    this.#silence = options.network.listen((news) => this.#hear(news));
  }

  /** These and no others; `defaultInterface` has the addresses that name none. What the kernel refuses is logged, and tried again when links change. */
  apply(statics: Statics, defaultInterface: string): Promise<void> {
    this.#options.network.delay(statics.linkDelays);
    return this.#mailbox.post(async () => {
      this.#statics = statics;
      this.#desired = [
        ...statics.addresses.flatMap((line) => addressHolding(line, line.interface ?? defaultInterface)),
        ...statics.routes.map((line) => routeHolding(line, undefined)),
        ...statics.rules.map(ruleHolding),
      ];
      await this.#things.adopt(this.#desired);
      await this.#things.hold(this.#desired);
    });
  }

  /** They go. @throws LvsError what the kernel refuses */
  remove(): Promise<void> {
    return this.#mailbox.post(async () => {
      this.#desired = [];
      await this.#things.release();
    });
  }

  /** They stay; nobody looks after them any more. */
  close(): Promise<void> {
    this.#silence();
    return this.#mailbox.close();
  }

  #hear(news: LinkNews): void {
    this.#things.check(news);
    if (news.links && this.#things.hasRefused) void this.#mailbox.post(() => this.#things.retry());
  }

  #miss(holding: Holding): void {
    const { log, lost } = this.#options;
    const what = textOf(holding);
    log.warn({ event: 'vrrp.static-lost', what });
    const group = 'trackGroup' in holding.line ? holding.line.trackGroup : undefined;
    const members = this.#statics?.trackGroups.find(({ name }) => name === group)?.members ?? [];
    void this.#mailbox.post(() => this.#things.hold(this.#desired));
    for (const member of members) lost(member, what);
  }
}
