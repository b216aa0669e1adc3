import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openNetlink } from '../addon/netlink.js';
import { LvsError } from '../errors.js';
import { DecapsulationPorts } from '../links/decapsulation-ports.js';
import { Links } from '../links/links.js';
import { NETLINK_ROUTE } from '../links/uapi.js';
import { canonicalAddress, type Family, familyOf } from '../model/address.js';
import { L3dsrTable } from '../netfilter/l3dsr-table.js';
import { systemNft } from '../netfilter/nft.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { Exchange } from '../netlink/exchange.js';
import { KernelRefusal } from '../netlink/errno.js';
import type { DscpMapping, Method, Step, TunnelKind, Wish } from '../realserver/plan.js';
import { RealServer } from '../realserver/real-server.js';
import { stepText } from '../realserver/text.js';
import { stateFile } from '../system/state-file.js';
import { systemSysctl } from '../system/sysctl.js';
import { flag, type NoOrder, readCommand, text, texts, type Values, type Wrong } from './arguments.js';
import { type DescribedOptions, type Manual, usageOf } from './manual.js';
import { answer, type Output } from './face.js';

interface Order {
  readonly wish: Wish;
  readonly mode: 'apply' | 'check' | 'dry-run' | 'undo' | 'undo-dry-run';
  readonly stateDirectory: string;
}

const options = {
  vip: { ...texts, value: 'ADDRESS', help: 'IPv4 or IPv6; several times, or several with commas' },
  l3dsr: {
    ...texts,
    value: 'DSCP=VIP',
    help: 'packets to this machine with that DSCP (0 to 63) are for that VIP, by nftables; several times, or with commas',
  },
  method: { ...text, value: 'dr|tun', fills: ['dr', 'tun'], help: 'how the director sends (default dr)' },
  tunnel: {
    ...text,
    value: 'ipip|gre|gue',
    fills: ['ipip', 'gre', 'gue'],
    help: 'what tun comes in (default ipip)',
  },
  over: {
    ...text,
    value: 'ip4|ip6',
    fills: ['ip4', 'ip6'],
    help: "what tun comes in over, if not the VIP's own family",
  },
  'tunnel-port': { ...text, value: 'PORT', help: 'UDP port of gue (default 6080)' },
  interface: {
    ...text,
    value: 'NAME',
    help: 'where the VIPs live (default lo; for tun the tunnel device: tunl0, ip6tnl0, gre0, ip6gre0)',
  },
  check: { ...flag, help: 'change nothing, say what is missing; exit status 1 if anything is' },
  'dry-run': { ...flag, help: 'change nothing, say what would be done' },
  undo: { ...flag, help: 'take back what was done, for the VIPs named or all' },
  state: {
    ...text,
    value: 'DIR',
    fills: 'file',
    help: 'where to remember (default $STATE_DIRECTORY or /var/lib/lvsd)',
  },
} as const;

export const realserverManual: Manual = {
  program: 'lvsd',
  name: 'realserver',
  summary: 'makes this machine a real server',
  synopsis: [
    '--vip ADDRESS... [--method dr|tun] [--interface NAME] [--check | --dry-run]',
    '--l3dsr DSCP=VIP... [--interface NAME] [--check | --dry-run]',
    '--undo [--vip ADDRESS...] [--dry-run]',
  ],
  about: [
    `Makes this machine a real server of the VIPs for direct routing (dr), tunnelling (tun) or L3DSR: it takes packets for them and does not answer
    ARP for them. Says what it does, remembers what was there before, and takes it back with --undo.`,
  ],
  exit: '0 done, 1 refused or failed or something is missing, 2 usage.',
};

export const realserverOptions: DescribedOptions = options;
const usage = usageOf(realserverManual, options);

export const parseRealServer = (args: readonly string[], environment: NodeJS.ProcessEnv): Order | NoOrder =>
  readCommand(args, { usage, options, read: (values) => readOrder(values, environment) });

function readOrder(values: Values<typeof options>, environment: NodeJS.ProcessEnv): Order | Wrong {
  const dscps = mappings(values.l3dsr);
  if (typeof dscps === 'string') return { wrong: dscps };
  const vips = addresses([...values.vip, ...dscps.map(({ vip }) => vip)]);
  if (typeof vips === 'string') return { wrong: vips };
  const { method = 'dr', tunnel = 'ipip', 'tunnel-port': port = '6080', undo, check, 'dry-run': dryRun } = values;
  if (!isMethod(method)) return { wrong: `--method is dr or tun, not '${method}'` };
  if (!isTunnel(tunnel)) return { wrong: `--tunnel is ipip, gre or gue, not '${tunnel}'` };
  if (!isPort(port)) return { wrong: `--tunnel-port is 1 to 65535, not '${port}'` };
  const { over } = values;
  if (over !== undefined && !isFamily(over)) return { wrong: `--over is ip4 or ip6, not '${over}'` };
  if (vips.length === 0 && !undo) return { wrong: 'which VIP? --vip ADDRESS, or --l3dsr DSCP=VIP' };
  if (dscps.length > 0 && method !== 'dr') return { wrong: '--l3dsr does not go with --method tun' };
  if (dscps.length > 0 && undo) return { wrong: '--undo names VIPs with --vip' };
  if (check && (undo || dryRun)) return { wrong: '--check goes with neither --undo nor --dry-run' };
  const name = values.interface;
  if (name !== undefined && !isInterfaceName(name)) return { wrong: `'${name}' is not the name of an interface` };
  return {
    wish: {
      method,
      vips,
      tunnel,
      port: Number(port),
      dscps,
      ...(over === undefined ? {} : { over }),
      ...(name === undefined ? {} : { interface: name }),
    },
    mode: undo ? (dryRun ? 'undo-dry-run' : 'undo') : check ? 'check' : dryRun ? 'dry-run' : 'apply',
    stateDirectory: values.state ?? environment['STATE_DIRECTORY'] ?? '/var/lib/lvsd',
  };
}

const isMethod = (text: string): text is Method => text === 'dr' || text === 'tun';
const isTunnel = (text: string): text is TunnelKind => text === 'ipip' || text === 'gre' || text === 'gue';
const isFamily = (text: string): text is Family => text === 'ip4' || text === 'ip6';
const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 0xffff;
/** dev_valid_name() of the kernel; `all` and `default` are not interfaces where sysctls speak of them. */
const isInterfaceName = (text: string): boolean =>
  /^[^\s/:]{1,15}$/.test(text) && !['.', '..', 'all', 'default'].includes(text);

/** Canonical and without repetition, or what is wrong with one of them. */
function addresses(words: readonly string[]): string[] | string {
  const all = new Set<string>();
  for (const word of words.flatMap((list) => list.split(','))) {
    const address = canonicalAddress(word);
    if (address === undefined) return `'${word}' is not an IPv4 or IPv6 address`;
    if (!isUnicast(address)) return `${address} cannot be a VIP`;
    all.add(address);
  }
  return [...all];
}

/** `7=192.0.2.10`; or what is wrong with one of them. A DSCP means one VIP of each family. */
function mappings(words: readonly string[]): DscpMapping[] | string {
  const all = new Map<string, DscpMapping>();
  for (const word of words.flatMap((list) => list.split(','))) {
    const [, digits, text = ''] = /^(\d{1,2})=(.+)$/.exec(word) ?? [];
    const vip = canonicalAddress(text);
    if (digits === undefined || Number(digits) > 63)
      return `--l3dsr is DSCP=VIP with a DSCP from 0 to 63, not '${word}'`;
    if (vip === undefined) return `'${text}' is not an IPv4 or IPv6 address`;
    const key = `${Number(digits)} ${familyOf(vip)}`;
    const before = all.get(key)?.vip ?? vip;
    if (before !== vip) return `DSCP ${Number(digits)} cannot mean both ${before} and ${vip}`;
    all.set(key, { dscp: Number(digits), vip });
  }
  return [...all.values()];
}

const isUnicast = (address: string): boolean =>
  address.includes(':')
    ? !/^(::1?|ff.*|fe[89ab].*)$/i.test(address)
    : !/^(0\.|127\.|2(2[4-9]|[34]\d|5[0-5])\.)/.test(address);

/** The face. Answers with the exit status. */
export async function realserver(
  args: readonly string[],
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  return answer('lvsd realserver', parseRealServer(args, environment), output, async (order) => {
    try {
      return await withServer(order, (server) => carryOut(order, server, output));
    } catch (error) {
      if (!(error instanceof LvsError) && !(error instanceof KernelRefusal)) throw error;
      output.err(`lvsd realserver: ${error.message}\n`);
      return 1;
    }
  });
}

function say(output: Output, text: string, status: number): number {
  output.out(text);
  return status;
}

/** Sockets for the time of one command. */
async function withServer<T>({ stateDirectory }: Order, run: (server: RealServer) => Promise<T>): Promise<T> {
  const exchanges: Exchange[] = [];
  const open = (protocol: number): Exchange => {
    const exchange = new Exchange(openNetlink(protocol));
    exchanges.push(exchange);
    return exchange;
  };
  try {
    const server = new RealServer({
      links: new Links(open(NETLINK_ROUTE)),
      ports: new DecapsulationPorts(open(NETLINK_GENERIC)),
      dscps: new L3dsrTable(systemNft()),
      sysctl: systemSysctl(),
      state: stateFile(join(stateDirectory, 'realserver.json')),
      namespace: readlinkSync('/proc/self/ns/net'),
    });
    return await run(server);
  } finally {
    for (const exchange of exchanges) exchange.close();
  }
}

async function carryOut(order: Order, server: RealServer, output: Output): Promise<number> {
  if (order.mode === 'undo' || order.mode === 'undo-dry-run') return takeBack(order, server, output);
  const { steps, problems } = await server.plan(order.wish);
  for (const problem of problems) output.err(`lvsd realserver: ${problem}\n`);
  const tell = (word: string) => (step: Step) => output.out(`${word}: ${stepText(step)}\n`);
  if (order.mode === 'apply') await server.apply(order.wish, steps, tell('set'));
  else steps.forEach(tell(order.mode === 'check' ? 'missing' : 'would set'));
  if (steps.length + problems.length === 0) output.out('nothing is missing\n');
  return problems.length > 0 || (order.mode === 'check' && steps.length > 0) ? 1 : 0;
}

async function takeBack({ mode, wish }: Order, server: RealServer, output: Output): Promise<number> {
  const undoing = await server.planUndo(wish.vips.length === 0 ? undefined : wish.vips);
  if (undoing === undefined) return say(output, 'nothing is remembered, so there is nothing to undo\n', 0);
  const tell = (word: string) => (step: Step) => output.out(`${word}: ${stepText(step)}\n`);
  if (mode === 'undo') await server.applyUndo(undoing, tell('undone'));
  else undoing.steps.forEach(tell('would undo'));
  return 0;
}
