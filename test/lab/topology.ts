/**
 * lab/ — real packets on a real kernel: `lab` runs a command in a guest, topology.ts builds networks in it, peers.ts puts clients
 * and servers there; *.lab.ts are the tests, run by ../run.ts.
 */
import { spawn } from 'node:child_process';

/** A network as data: hosts (network namespaces) on segments (bridges). A host's interface has the name of its segment. */
export interface Topology {
  readonly hosts: Readonly<Record<string, Host>>;
  /** Name of the namespace that holds the bridges, where several networks exist at a time. */
  readonly fabric?: string;
}

export interface Host {
  /** Addresses with prefix length, by interface: a segment, which this creates, or `lo`. */
  readonly links: Readonly<Record<string, readonly string[]>>;
  /** As after `ip route add`: `default via 10.0.0.1`. */
  readonly routes?: readonly string[];
  /** `net.ipv4.ip_forward: 1`. Set after the links are there, before they have addresses. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Further lines for `ip -batch`, run last: `link add name gre1 type gre …`. */
  readonly ip?: readonly string[];
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Until the command is killed, two minutes if not told. */
  readonly limitMs?: number;
}

const FABRIC = 'fabric';

/**
 * A topology that exists. `await using net = await Network.build({...})` removes it at the end of the block, with the processes in it.
 * @throws if one of the commands fails
 */
export class Network implements AsyncDisposable {
  readonly topology: Topology;

  private constructor(topology: Topology) {
    this.topology = topology;
  }

  static async build(topology: Topology): Promise<Network> {
    const network = new Network(topology);
    try {
      await network.#create();
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** The namespace that holds the bridges. */
  get fabric(): string {
    return this.topology.fabric ?? FABRIC;
  }

  get #names(): string[] {
    return [...Object.keys(this.topology.hosts), this.fabric];
  }

  async #create(): Promise<void> {
    await batch(
      undefined,
      this.#names.map((name) => `netns add ${name}`),
    );
    await batch(this.fabric, [...bridgeLines(this.topology), ...cablesOf(this.topology).flatMap(cableLines)]);
    for (const name of Object.keys(this.topology.hosts)) await this.#settle(name);
  }

  async #settle(name: string): Promise<void> {
    const host = this.topology.hosts[name];
    if (host === undefined) throw new Error(`there is no host ${name}`);
    await this.must(name, 'sh', '-c', sysctlScript(host));
    await batch(name, hostLines(host));
  }

  /** The host dies as a machine does: nobody says a last word, and what its kernel knew is gone. */
  async crash(name: string): Promise<void> {
    const cables = cablesOf(this.topology).filter(({ host }) => host === name);
    await signalAll(name, 'SIGSTOP');
    await batch(
      this.fabric,
      cables.map(({ port }) => `link delete ${port}`),
    );
    await signalAll(name, 'SIGKILL');
    await mustRun(['ip', 'netns', 'delete', name]);
  }

  /** A host that has crashed is there again as it was built, with empty tables and without processes. */
  async boot(name: string): Promise<void> {
    const cables = cablesOf(this.topology).filter(({ host }) => host === name);
    await mustRun(['ip', 'netns', 'add', name]);
    await batch(this.fabric, cables.flatMap(cableLines));
    await this.#settle(name);
  }

  /** Runs a command in a host. */
  run(host: string, command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run(['ip', 'netns', 'exec', host, ...command], options);
  }

  /** The same, for a command that must succeed: its stdout. */
  must(host: string, ...command: readonly string[]): Promise<string> {
    return mustRun(['ip', 'netns', 'exec', host, ...command]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) {
      await signalAll(name, 'SIGKILL');
      await run(['ip', 'netns', 'delete', name]);
    }
  }
}

/** Bridges without learning delays. */
const bridgeLines = ({ hosts }: Topology): string[] =>
  [...new Set(Object.values(hosts).flatMap(segmentsOf))].flatMap((segment) => [
    `link add ${segment} type bridge forward_delay 0 mcast_snooping 0`,
    `link set ${segment} up`,
  ]);

/** Between a host's interface, which has the name of the segment, and a port of the segment's bridge. */
interface Cable {
  readonly host: string;
  readonly segment: string;
  readonly port: string;
}

const cablesOf = ({ hosts }: Topology): Cable[] =>
  Object.entries(hosts)
    .flatMap(([host, links]) => segmentsOf(links).map((segment) => ({ host, segment })))
    .map((ends, count) => ({ ...ends, port: `cable${count}` }));

const cableLines = ({ host, segment, port }: Cable): string[] => [
  `link add ${port} type veth peer name ${segment} netns ${host}`,
  `link set ${port} master ${segment} up`,
];

const segmentsOf = (host: Host): string[] => Object.keys(host.links).filter((link) => link !== 'lo');

function hostLines(host: Host): string[] {
  const links = Object.entries<readonly string[]>({ lo: [], ...host.links }).flatMap(([link, addresses]) => [
    ...addresses.map((address) => `address add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`),
    `link set ${link} up`,
  ]);
  const routes = (host.routes ?? []).map((route) => `route add ${route}`);
  return [...links, ...routes, ...(host.ip ?? [])];
}

/** Without duplicate address detection link-local addresses work at once, too: a router asks for its neighbours from them. */
function sysctlScript(host: Host): string {
  const settings = Object.entries(host.sysctls ?? {});
  return [
    'for file in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$file; done',
    ...settings.map(([name, value]) => `echo '${value}' >/proc/sys/${name.replaceAll('.', '/')}`),
  ].join(' && ');
}

const batch = (host: string | undefined, lines: readonly string[]): Promise<string> =>
  mustRun(['ip', ...(host === undefined ? [] : ['-n', host]), '-batch', '-'], { input: lines.join('\n') });

/** @throws with the command and what it said, if it does not end with status 0 */
export async function mustRun(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(command, options);
  if (ran.status === 0) return ran.stdout;
  const input = options.input === undefined ? '' : `\nwith the input\n${options.input}`;
  throw new Error(`${command.join(' ')}: status ${String(ran.status)}: ${ran.stderr}${ran.stdout}${input}`);
}

/** Runs a command to its end. Rejects only if it cannot be started. */
export function run(command: readonly string[], { input = '', limitMs = 120_000 }: RunOptions = {}): Promise<Ran> {
  const [program, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { timeout: limitMs, killSignal: 'SIGKILL' });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, ...output });
    });
    child.stdin.on('error', () => undefined); // a command need not read all of its input
    child.stdin.end(input);
  });
}

/** All processes of a host. */
async function signalAll(host: string, signal: NodeJS.Signals): Promise<void> {
  const { stdout } = await run(['ip', 'netns', 'pids', host]);
  for (const pid of stdout.split('\n').filter(Boolean)) signalNow(Number(pid), signal);
}

function signalNow(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
