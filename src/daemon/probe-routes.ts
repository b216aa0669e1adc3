import type { AskingCheck } from '../config/check.js';
import type { Configuration, RealServer, VirtualServer } from '../config/configuration.js';
import { serverName, virtualServerName } from '../director/names.js';
import { probedService, probeMarks } from '../director/probe-services.js';
import type { Links } from '../links/links.js';
import type { Route } from '../links/rows.js';
import { familyOf } from '../model/address.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Sysctl } from '../system/sysctl.js';

export interface ProbeRoutesOptions {
  readonly links: Pick<Links, 'list' | 'routeTo'>;
  readonly sysctl: Pick<Sysctl, 'read'>;
  readonly log: Log;
}

/**
 * Where the probes go that travel as a client's packets do (via_forwarding): to the service's own address, with the mark that leads
 * them to one server, and from the address that this machine has towards that server. Two things are in the way of the answer, which
 * comes from the service's address, an address of this machine: accept_local must be on where it comes in, and rp_filter not strict.
 */
export class ProbeRoutes {
  readonly #options: ProbeRoutesOptions;
  #marks: ReadonlyMap<string, number> = new Map();
  #sources: ReadonlyMap<string, string> = new Map();

  constructor(options: ProbeRoutesOptions) {
    this.#options = options;
  }

  /** Finds the way to each server that is probed so. Answers with the sysctls that must be set. */
  async follow(configuration: Configuration): Promise<ReadonlyMap<string, string>> {
    const needed = new Map<string, string>();
    const sources = new Map<string, string>();
    this.#marks = probeMarks(configuration);
    if (this.#marks.size === 0) return needed;
    const names = await this.#linkNames();
    for (const virtual of configuration.virtualServers)
      for (const server of virtual.realServers) {
        const name = serverName(virtualServerName(virtual), server);
        if (!this.#marks.has(name) || sources.has(name)) continue;
        const way = await this.#wayTo(server, name);
        if (way?.preferredSource !== undefined) sources.set(name, way.preferredSource);
        const link = way?.index === undefined ? undefined : names.get(way.index);
        if (link === undefined || server.settings.method === 'masquerade' || familyOf(server.address) !== 'ip4')
          continue;
        needed.set(`net/ipv4/conf/${link}/accept_local`, '1');
        await this.#warnOfFilter(link, name);
      }
    this.#sources = sources;
    return needed;
  }

  /** The check as it is to be made; one that does not go through the forwarding comes back as it is. */
  route<C extends AskingCheck>(virtual: VirtualServer, server: RealServer, check: C): C {
    if (!('target' in check) || !check.target.viaForwarding) return check;
    const name = serverName(virtualServerName(virtual), server);
    const service = probedService(virtual);
    const mark = this.#marks.get(name);
    if (service === undefined || mark === undefined) return check;
    const { address, port } = service;
    const bindAddress = check.target.bindAddress ?? this.#sources.get(name);
    const source = bindAddress === undefined ? {} : { bindAddress };
    return {
      ...check,
      target: { ...check.target, address, port: port === 0 ? check.target.port : port, mark, ...source },
    };
  }

  /** Of all interfaces, by index. That they cannot be asked for must not stop a reload half way. */
  async #linkNames(): Promise<ReadonlyMap<number, string>> {
    try {
      return new Map((await this.#options.links.list()).map(({ index, name }) => [index, name]));
    } catch (error) {
      this.#options.log.warn({ event: 'health.no-route', server: 'all', reason: reasonOf(error) });
      return new Map();
    }
  }

  async #wayTo({ address }: RealServer, server: string): Promise<Route | undefined> {
    try {
      return await this.#options.links.routeTo(address);
    } catch (error) {
      this.#options.log.warn({ event: 'health.no-route', server, reason: reasonOf(error) });
      return undefined;
    }
  }

  async #warnOfFilter(link: string, server: string): Promise<void> {
    const values = await Promise.all(
      ['all', link].map((one) => this.#options.sysctl.read(`net/ipv4/conf/${one}/rp_filter`).catch(() => '0')),
    );
    // the kernel takes the greater of the two; 1 is strict
    if (Math.max(...values.map(Number)) === 1)
      this.#options.log.warn({ event: 'health.answers-filtered', server, interface: link, sysctl: 'rp_filter' });
  }
}
