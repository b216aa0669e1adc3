/** The real network of a namespace for tests: two interfaces to a client, virtual routers from text, and what ip(8) says of the kernel. */
import { execFileSync } from 'node:child_process';
import type { VrrpConfiguration } from '../../src/config/vrrp/vrrp.js';
import { openVrrpNetwork, type VrrpNetwork } from '../../src/daemon/vrrp-network.js';
import { systemClock } from '../../src/system/clock.js';
import type { StateFile } from '../../src/system/state-file.js';
import type { Possessions } from '../../src/vrrp/network.js';
import { configurationOf } from '../helpers/configuration.js';
import { MemoryLog } from '../helpers/memory-log.js';

/** `ip(8)` with words as they are typed. @throws if it says no */
export const ip = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8' });

/** Whether ip(8) says yes. */
export function ipAccepts(words: string): boolean {
  try {
    execFileSync('ip', words.split(' '), { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

interface ShownAddress {
  readonly family: 'inet' | 'inet6';
  readonly local: string;
  readonly address?: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope: string;
  readonly deprecated?: boolean;
  readonly tentative?: boolean;
  readonly nodad?: boolean;
  readonly noprefixroute?: boolean;
  readonly preferred_life_time: number;
}

/** What the kernel has on an interface. */
export const addressesOn = (name: string): readonly ShownAddress[] =>
  (JSON.parse(ip(`-j -d addr show dev ${name}`)) as { addr_info?: ShownAddress[] }[]).flatMap(
    ({ addr_info = [] }) => addr_info,
  );

/** `192.0.2.1/24`, in the kernel's order, without link-local ones. */
export const addressTexts = (name: string): readonly string[] =>
  addressesOn(name).flatMap(({ local, prefixlen }) => (local.startsWith('fe80') ? [] : [`${local}/${prefixlen}`]));

/** Two machines: ours, and `client` at the other end of eth0; eth1 leads there, too. */
export function cable(): void {
  ip('netns add client');
  for (const [ours, theirs, network] of [
    ['eth0', 'c0', '10.77.0'],
    ['eth1', 'c1', '10.78.0'],
  ]) {
    ip(`link add ${ours} type veth peer name ${theirs} netns client`);
    ip(`addr add ${network}.1/24 dev ${ours}`);
    ip(`link set ${ours} up`);
    ip(`-n client addr add ${network}.9/24 dev ${theirs}`);
    ip(`-n client link set ${theirs} up`);
  }
  ip('-n client link set lo up');
}

/** What the client says of it. */
export function ofClient(
  program: string,
  ...words: readonly string[]
): { readonly ok: boolean; readonly text: string } {
  try {
    const text = execFileSync('ip', ['netns', 'exec', 'client', program, ...words], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { ok: true, text };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, text: stdout + stderr };
  }
}

/** One ICMP echo, answered within two seconds. */
const ECHO = `
import os, select, socket, struct, sys
to = sys.argv[1]
six = ":" in to
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
s.connect((to, 0))
number = os.getpid() & 0xffff
body = struct.pack("!HH8s", number, 1, b"12345678")
head = lambda c: struct.pack("!BBH", 128 if six else 8, 0, c)
total = sum(struct.unpack("!8H", head(0) + body))
total = (total & 0xffff) + (total >> 16)
s.send(head(0xffff & ~((total & 0xffff) + (total >> 16))) + body)
while select.select([s], [], [], 2)[0]:
    packet = s.recv(2000)
    packet = packet if six else packet[20:]
    if packet[0] == (129 if six else 0) and struct.unpack("!H", packet[4:6])[0] == number: sys.exit(0)
sys.exit(1)
`;

/** Whether the client gets an answer to a ping. */
export const pings = (address: string): boolean => ofClient('python3', '-c', ECHO, address).ok;

export class HolderWorld {
  readonly log = new MemoryLog();
  readonly lost: [router: string, what: string][] = [];
  changes = 0;
  readonly network: VrrpNetwork;

  private constructor(network: VrrpNetwork) {
    this.network = network;
    network.follow({
      changed: () => this.changes++,
      lost: (router, what) => this.lost.push([router, what]),
    });
  }

  static async open(memory?: StateFile): Promise<HolderWorld> {
    const log = new MemoryLog();
    const network = await openVrrpNetwork({ log, clock: systemClock, ...(memory === undefined ? {} : { memory }) });
    return Object.assign(new HolderWorld(network), { log });
  }

  /** The routers of a text. */
  routers(text: string): readonly Possessions[] {
    const { vrrp, globals } = configurationOf(text);
    return vrrp.instances.map((instance) => this.network.possessionsOf(instance, globals.vrrp));
  }

  router(text: string): Possessions {
    const [first] = this.routers(text);
    if (first === undefined) throw new Error('no vrrp_instance');
    return first;
  }

  static vrrp(text: string): VrrpConfiguration {
    return configurationOf(text).vrrp;
  }
}

/** One instance on eth0 with these lines, its addresses, and more blocks. */
export const instanceText = (addresses: readonly string[], lines: readonly string[] = [], globals = ''): string =>
  `global_defs {\n${globals}\n}\nvrrp_instance V1 {\ninterface eth0\nvirtual_router_id 51\nversion 3\n${lines.join('\n')}\n` +
  `virtual_ipaddress {\n${addresses.join('\n')}\n}\n}\n`;

/** As long as it takes, up to half a minute: a busy machine is no failure. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !holds(); ) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
