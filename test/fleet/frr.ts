/** FRR at a director: zebra, which hears of the kernel's routes, and bgpd, which tells the router; configured as docs/fleet.md says. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { until } from '../vrrp/director-process.js';
import type { Folder } from '../vrrp/interop/router.js';
import { Running } from '../vrrp/interop/router.js';
import { fromManual } from './bird.js';
import type { DirectorName, Site } from './site.js';

const PROGRAMS = '/usr/lib/frr';

export class Frr {
  readonly #host: DirectorName;
  readonly #folder: Folder;
  #zebra: Running | undefined;
  #bgpd: Running | undefined;

  constructor(site: Site, host: DirectorName) {
    this.#host = host;
    this.#folder = site.folder();
  }

  async start(): Promise<void> {
    const text = fromManual('! frr.conf of a director').replaceAll('10.2.0.11', `10.2.0.1${this.#host.slice(1)}`);
    writeFileSync(this.#folder.file('conf'), text);
    this.#zebra = await this.#run('zebra', 'zserv');
    this.#bgpd = await this.#run('bgpd', 'bgpd.vty');
  }

  async kill(): Promise<void> {
    await this.#bgpd?.kill();
    await this.#zebra?.kill();
  }

  /** Both read the one file; each takes the lines that are its own, and complains of the others. */
  async #run(program: string, socket: string): Promise<Running> {
    const file = (name: string): string => this.#folder.file(name);
    const places = ['-f', file('conf'), '-i', file(`${program}.pid`), '-z', file('zserv'), '--vty_socket', file('')];
    const manner = ['-P', '0', '-u', 'frr', '-g', 'frr', '--log', 'stdout'];
    // what a killed one left looks as if it were there; bgpd must find zebra when it starts, or it has no IPv6 next hop
    rmSync(file(socket), { force: true });
    const running = new Running(this.#host, [`${PROGRAMS}/${program}`, ...places, ...manner], file('log'));
    await until(`${program} of ${this.#host} is ready`, () => {
      if (running.hasEnded) throw new Error(`${program}: ${this.#folder.text('log')}`);
      return existsSync(file(socket));
    });
    return running;
  }
}
