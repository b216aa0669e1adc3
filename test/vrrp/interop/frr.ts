import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { mustRun, run } from '../../lab/topology.js';
import { frrText, LINK, type RouterSettings, virtualAddresses, virtualMac, VRID } from './settings.js';
import { Folder, type Role, Running, type VirtualRouter } from './router.js';

const PROGRAMS = '/usr/lib/frr';
/** The interface that vrrpd finds by its MAC and its parent, and mutes as a backup. */
const MACVLAN = `vrrp${VRID}`;
const READY_MS = 30_000;

/** vrrpd, and zebra, which it cannot do without. */
export class Frr implements VirtualRouter {
  readonly #host: string;
  readonly #settings: () => RouterSettings;
  readonly #folder = new Folder();
  #zebra: Running | undefined;
  #vrrpd: Running | undefined;

  constructor(host: string, settings: () => RouterSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  get log(): string {
    return this.#folder.text('log');
  }

  async start(): Promise<void> {
    writeFileSync(this.#folder.file('conf'), frrText(this.#settings()));
    await this.#addMacvlan();
    this.#zebra = this.#spawn('zebra', '/dev/null');
    await this.#listens('zserv');
    this.#vrrpd = this.#spawn('vrrpd', this.#folder.file('conf'));
    await this.#listens('vrrpd.vty');
  }

  async stop(): Promise<void> {
    await this.#vrrpd?.stop(); // while zebra can still mute the interface
    await this.#zebra?.stop();
    await run(['ip', '-n', this.#host, 'link', 'delete', MACVLAN]);
  }

  async role(): Promise<Role> {
    if (this.#vrrpd?.hasEnded !== false) return 'none';
    const { stdout } = await run(['vtysh', '--vty_socket', this.#folder.file(''), '-c', 'show vrrp json']);
    if (!stdout.startsWith('[')) return 'none'; // it is not ready to answer
    const [router] = JSON.parse(stdout) as readonly Record<string, { readonly status?: string }>[];
    const status = router?.[this.#settings().family === 'ip4' ? 'v4' : 'v6']?.status;
    return status === 'Master' ? 'master' : status === 'Backup' ? 'backup' : 'none';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vrrpd?.kill();
    await this.#zebra?.kill();
    this.#folder.remove();
  }

  /** As its manual says: the addresses are on it before vrrpd starts, and its parent must not answer for them. */
  async #addMacvlan(): Promise<void> {
    const { family } = this.#settings();
    const ip = (...words: readonly string[]): Promise<string> => mustRun(['ip', '-n', this.#host, ...words]);
    for (const setting of ['arp_ignore=1', 'arp_announce=2'])
      await mustRun(['ip', 'netns', 'exec', this.#host, 'sysctl', '-qw', `net.ipv4.conf.all.${setting}`]);
    await ip('link', 'add', MACVLAN, 'link', LINK, 'type', 'macvlan', 'mode', 'bridge');
    await ip('link', 'set', 'dev', MACVLAN, 'addrgenmode', 'random');
    await ip('link', 'set', 'dev', MACVLAN, 'address', virtualMac(family));
    for (const address of virtualAddresses(family))
      await ip('address', 'add', address, 'dev', MACVLAN, ...(family === 'ip6' ? ['nodad'] : []));
    await ip('link', 'set', 'dev', MACVLAN, 'up');
  }

  #spawn(program: string, configuration: string): Running {
    const file = (name: string): string => this.#folder.file(name);
    const places = ['-f', configuration, '-i', file(`${program}.pid`), '-z', file('zserv'), '--vty_socket', file('')];
    const manner = ['-P', '0', '-u', 'frr', '-g', 'frr', '--log', 'stdout', '--log-level', 'debug'];
    return new Running(this.#host, [`${PROGRAMS}/${program}`, ...places, ...manner], file('log'));
  }

  async #listens(socket: string): Promise<void> {
    const end = performance.now() + READY_MS;
    while (!existsSync(this.#folder.file(socket))) {
      if (performance.now() > end) throw new Error(`there is no ${socket}: ${this.log}`);
      await delay(20);
    }
  }
}
