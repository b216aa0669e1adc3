import type { AnnouncerStatus } from '../announce/announcer.js';
import type { CheckStatus } from '../cli/control.js';
import type { VirtualServer } from '../config/configuration.js';
import type { DirectorStatus } from '../director/director.js';
import { virtualServerName } from '../director/names.js';
import { type DirectorFacts, MOST_NAMES, MOST_TABLES } from '../fleet/report.js';
import { serviceName } from '../model/service.js';
import { release } from '../system/release.js';
import { MaglevPrints, printOf } from './maglev-prints.js';
import { healthOf, servicesOf } from './pair-news.js';

export interface FleetFactsOptions {
  readonly director: () => Pick<DirectorStatus, 'known' | 'quorums' | 'refused'>;
  readonly checks: () => readonly CheckStatus[];
  readonly announced: () => AnnouncerStatus | undefined;
}

/** What this director tells the fleet of itself. Asked every second: what costs something is computed once for what it is made of. */
export class FleetFacts {
  readonly #options: FleetFactsOptions;
  readonly #prints = new MaglevPrints();
  readonly #software = release();
  #configured:
    | { readonly of: readonly VirtualServer[]; readonly services: ReadonlySet<string>; readonly is: string }
    | undefined;

  constructor(options: FleetFactsOptions) {
    this.#options = options;
  }

  /** @param own the virtual servers of the fleet */
  of(own: readonly VirtualServer[]): DirectorFacts {
    const { known, quorums, refused } = this.#options.director();
    if (this.#configured?.of !== own)
      this.#configured = { of: own, services: namesOf(own), is: printOf(servicesOf({ virtualServers: own })) };
    const { services, is } = this.#configured;
    const tables = [...services]
      .sort()
      .slice(0, MOST_TABLES)
      .flatMap((name) => (known.has(name) ? [[name, known.get(name)!] as const] : []));
    const health = Object.values(healthOf(this.#options.checks()));
    const lost = new Set([...quorums].filter(([, has]) => !has).map(([name]) => name));
    const announced = this.#options.announced();
    return {
      software: this.#software,
      services: known.size,
      configured: is,
      maglev: this.#prints.of(new Map(tables)),
      servers: { up: health.filter((one) => one === 'up').length, down: health.filter((one) => one === 'down').length },
      quorumLost: own
        .map(virtualServerName)
        .filter((name) => lost.has(name))
        .slice(0, MOST_NAMES),
      refusedChanges: refused.length,
      announced:
        announced?.addresses
          .filter((one) => one.announced)
          .map(({ prefix }) => prefix)
          .slice(0, MOST_NAMES) ?? null,
      withdrawn: announced?.withdrawn ?? false,
    };
  }
}

const namesOf = (own: readonly VirtualServer[]): ReadonlySet<string> =>
  new Set(own.flatMap(({ services }) => services.map(({ key }) => serviceName(key))));
