import { checkLines } from './check-text.js';
import {
  fields,
  flag,
  isFlag,
  isList,
  isNumber,
  isRecord,
  isText,
  Lines,
  listed,
  number,
  only,
  quoted,
  switched,
  text,
  worded,
  type Write,
} from './lines.js';
import type {
  DeclaredDestination,
  DeclaredMethod,
  DeclaredService,
  DeclaredSorryServer,
  DeclaredSourceRange,
  DeclaredTunnel,
  DeclaredUserspace,
  SchedulerFlag,
} from './service.js';

/** A declared service as lines of the language of the file. What is told may be anything: what cannot be a line is complained about. Pure. */
export function linesOf(service: unknown): Lines {
  const lines = new Lines();
  if (!isRecord(service)) {
    lines.wrong('', 'must be an object');
    return lines;
  }
  lines.block('', headerOf(service, lines), () => {
    if (fields(service, '', lines, serviceFields, ['id', 'by', 'destinations']))
      forwarding(service, '', 'lvs_method', lines, 'NAT');
    if (!isText(service['scheduler']))
      lines.line('/scheduler', `lvs_sched ${service['engine'] === 'userspace' ? 'maglev' : 'wlc'}`);
    if (service['engine'] === undefined) lines.line('/engine', 'lvs_engine kernel');
    const { destinations, check } = service;
    if (!isList(destinations)) return lines.wrong('/destinations', 'must be a list');
    for (const [i, one] of destinations.entries()) destination(one, `/destinations/${i}`, check, lines);
    if (destinations.length === 0) lines.line('/destinations', placeholder(service));
  });
  return lines;
}

function headerOf(
  { by, address, prefixLength, port = 0, mark, protocol, family }: Readonly<Record<string, unknown>>,
  lines: Lines,
): string {
  if (by === 'fwmark') {
    for (const [name, value] of Object.entries({ protocol, address, prefixLength }))
      if (value !== undefined) lines.wrong(`/${name}`, 'a service by fwmark has none');
    if (port !== 0) lines.wrong('/port', 'a service by fwmark has none');
    if (!isNumber(mark)) lines.wrong(mark === undefined ? '' : '/mark', 'a service by fwmark needs a mark, a number');
    return `virtual_server fwmark ${String(isNumber(mark) ? mark : 1)}`;
  }
  if (by !== 'address') lines.wrong('/by', 'must be one of address, fwmark');
  if (mark !== undefined) lines.wrong('/mark', 'a service by address has none');
  if (!isText(address))
    lines.wrong(address === undefined ? '' : '/address', 'a service by address needs an address, a text');
  if (!isText(protocol)) lines.wrong('', "lacks 'protocol'");
  if (prefixLength !== undefined && !isNumber(prefixLength)) lines.wrong('/prefixLength', 'must be a number');
  if (!isNumber(port)) lines.wrong('/port', 'must be a number');
  if (family !== undefined && isText(address) && family !== (address.includes(':') ? 'ip6' : 'ip4'))
    lines.wrong('/family', 'is not that of the address');
  const prefix = isNumber(prefixLength) ? `/${prefixLength}` : '';
  return `virtual_server ${quoted(`${isText(address) ? address : ''}${prefix}`, '/address', lines)} ${isNumber(port) ? port : 0}`;
}

/**
 * A file may not have a service without servers; one that is declared has its first when somebody adds it. Until then this stands there
 * for the reader, and read.ts takes it away again.
 */
const placeholder = ({ address, family, port }: Readonly<Record<string, unknown>>): string => {
  const is6 = family === 'ip6' || (isText(address) && address.includes(':'));
  return `real_server ${is6 ? '100::1' : '192.0.2.1'}${isNumber(port) && port !== 0 ? ` ${port}` : ''} { weight ${MOST_WEIGHT} }`;
};
const MOST_WEIGHT = 2_147_483_647;

/** Said by other lines. */
const elsewhere: Write = () => undefined;

const flagWords: Readonly<Record<SchedulerFlag, string>> = { fallback: 'flag-1', port: 'flag-2', third: 'flag-3' };

const schedulerFlags: Write = (value, at, lines) => {
  if (!isList(value)) return lines.wrong(at, 'must be a list');
  for (const [i, one] of value.entries())
    if (isText(one) && Object.hasOwn(flagWords, one)) lines.line(`${at}/${i}`, flagWords[one as SchedulerFlag]);
    else lines.wrong(`${at}/${i}`, `must be one of ${Object.keys(flagWords).join(', ')}`);
};

const flows =
  (word: string): Write =>
  (value, at, lines) => {
    const { do: how, seconds } = isRecord(value) ? value : {};
    fields(value, at, lines, { do: only(isText, 'text'), seconds: only(isNumber, 'a number') }, ['do']);
    const words = [
      word,
      isText(how) ? quoted(how, `${at}/do`, lines) : 'remove',
      ...(isNumber(seconds) ? [seconds] : []),
    ];
    lines.line(at, words.join(' '));
  };

const slowStart: Write = (value, at, lines) => {
  const { seconds, fromPercent } = isRecord(value) ? value : {};
  fields(value, at, lines, { seconds: only(isNumber, 'a number'), fromPercent: only(isNumber, 'a number') }, [
    'seconds',
  ]);
  if (isNumber(seconds)) lines.line(at, `slow_start ${seconds}${isNumber(fromPercent) ? ` ${fromPercent}` : ''}`);
};

const userspaceFields: Record<keyof DeclaredUserspace, Write> = {
  maglevSize: number('maglev_size'),
  hashFields: listed('hash_fields'),
  stateless: flag('stateless'),
  nodePort: number('node_port'),
  answerArp: flag('answer_arp'),
  icmpEcho: text('icmp_echo'),
  interfaces: listed('interfaces'),
  tunnelSource: text('tunnel_source'),
  snatPool: (value, at, lines) => {
    if (!isList(value)) return lines.wrong(at, 'must be a list');
    for (const [i, range] of value.entries()) sourceRange(range, `${at}/${i}`, lines);
  },
  tcpTimeoutSeconds: number('tcp_timeout'),
  udpTimeoutSeconds: number('udp_timeout'),
};

const rangeFields: Record<keyof DeclaredSourceRange, Write> = {
  first: only(isText, 'text'),
  last: only(isText, 'text'),
  lowestPort: only(isNumber, 'a number'),
  highestPort: only(isNumber, 'a number'),
};

function sourceRange(range: unknown, at: string, lines: Lines): void {
  if (!fields(range, at, lines, rangeFields, ['first']) || !isText(range['first'])) return;
  const { first, last = first, lowestPort, highestPort } = range;
  const addresses = quoted(`${first}-${isText(last) ? last : ''}`, at, lines);
  const hasPorts = lowestPort !== undefined || highestPort !== undefined;
  const [low, high] = [isNumber(lowestPort) ? lowestPort : 1024, isNumber(highestPort) ? highestPort : 65_535];
  lines.line(at, `snat_pool ${addresses}${hasPorts ? ` ports ${low}-${high}` : ''}`);
}

const forwardingFields = {
  method: elsewhere,
  tunnel: elsewhere,
  dscp: only(isNumber, 'a number'),
};

const serviceFields: Record<keyof DeclaredService, Write> = {
  id: only(isText, 'text'),
  name: only((value) => isText(value) && value.length <= 255, 'text of at most 255 characters'),
  by: elsewhere,
  protocol: (value, at, lines) => {
    if (isText(value)) lines.line(at, `protocol ${quoted(value, at, lines)}`);
    else lines.wrong(at, 'must be text');
  },
  address: elsewhere,
  prefixLength: elsewhere,
  port: elsewhere,
  family: (value, at, lines) => {
    if (value === 'ip4' || value === 'ip6') lines.line(at, `ip_family ${value === 'ip6' ? 'inet6' : 'inet'}`);
    else lines.wrong(at, 'must be one of ip4, ip6');
  },
  mark: elsewhere,
  engine: worded('lvs_engine', { kernel: 'kernel', userspace: 'userspace' }),
  scheduler: text('lvs_sched'),
  schedulerFlags,
  persistenceSeconds: number('persistence_timeout'),
  persistenceNetmask: text('persistence_granularity'),
  persistenceEngine: text('persistence_engine'),
  onePacket: flag('ops'),
  ...forwardingFields,
  userspace: (value, at, lines) => void fields(value, at, lines, userspaceFields),
  delayLoopSeconds: number('delay_loop'),
  quorum: number('quorum'),
  hysteresis: number('hysteresis'),
  alpha: flag('alpha'),
  haSuspend: flag('ha_suspend'),
  inhibitOnFailure: flag('inhibit_on_failure'),
  check: (value, at, lines) => checkLines(value, at, new Kept(lines)),
  sorryServer: (value, at, lines) => sorryServer(value, at, lines),
  onFailure: flows('dead_flows'),
  onRemoval: flows('removed_flows'),
  slowStart,
  guardPercent: number('pool_guard'),
  destinations: elsewhere,
};

/** Complaints about a check that every server repeats, each once; its lines come with the servers. */
class Kept extends Lines {
  readonly #of: Lines;

  constructor(of: Lines) {
    super();
    this.#of = of;
  }

  override wrong(pointer: string, message: string): void {
    this.#of.wrong(pointer, message);
  }
}

const methods: Readonly<Record<DeclaredMethod, string>> = {
  masquerade: 'NAT',
  'direct-route': 'DR',
  tunnel: 'TUN',
  l3dsr: 'L3DSR',
  'full-nat': 'FULLNAT',
};

const tunnelFields: Record<keyof DeclaredTunnel, Write> = {
  type: only((value) => value === 'ipip' || value === 'gue' || value === 'gre', 'one of ipip, gue, gre'),
  port: only(isNumber, 'a number'),
  checksum: only(isFlag, 'true or false'),
  remoteChecksum: only(isFlag, 'true or false'),
};

/** `lvs_method TUN type gue port 6080 csum`; nothing where no method is told and none is `usual`. */
function forwarding(
  told: Readonly<Record<string, unknown>>,
  at: string,
  word: string,
  lines: Lines,
  usual?: string,
): void {
  const { method, tunnel, dscp } = told;
  if (method === undefined) {
    for (const [name, value] of Object.entries({ tunnel, dscp }))
      if (value !== undefined) lines.wrong(`${at}/${name}`, "means nothing without 'method'");
    if (usual !== undefined) lines.line(`${at}/method`, `${word} ${usual}`);
    return;
  }
  if (!isText(method) || !Object.hasOwn(methods, method)) {
    lines.wrong(`${at}/method`, `must be one of ${Object.keys(methods).join(', ')}`);
    return;
  }
  const words = [word, methods[method as DeclaredMethod]];
  if (tunnel !== undefined) {
    if (method !== 'tunnel') lines.wrong(`${at}/tunnel`, 'is for method tunnel');
    if (fields(tunnel, `${at}/tunnel`, lines, tunnelFields, ['type'])) {
      const { type, port, checksum, remoteChecksum } = tunnel;
      words.push('type', String(type));
      if (isNumber(port)) words.push('port', String(port));
      if (checksum === true) words.push('csum');
      if (remoteChecksum === true) words.push('remcsum');
    }
  }
  if (isNumber(dscp)) words.push('dscp', String(dscp));
  lines.line(`${at}/method`, words.join(' '));
}

const sorryFields: Record<keyof DeclaredSorryServer, Write> = {
  address: only(isText, 'text'),
  port: only(isNumber, 'a number'),
  ...forwardingFields,
};

function sorryServer(told: unknown, at: string, lines: Lines): void {
  if (!fields(told, at, lines, sorryFields, ['address']) || !isText(told['address'])) return;
  const { address, port } = told;
  lines.line(
    at,
    `sorry_server ${quoted(address, `${at}/address`, lines)}${isNumber(port) && port !== 0 ? ` ${port}` : ''}`,
  );
  forwarding(told, at, 'sorry_server_lvs_method', lines);
}

const destinationFields: Record<keyof DeclaredDestination, Write> = {
  id: only(isText, 'text'),
  address: only(isText, 'text'),
  port: only(isNumber, 'a number'),
  weight: number('weight'),
  ...forwardingFields,
  upperThreshold: number('uthreshold'),
  lowerThreshold: number('lthreshold'),
  inhibitOnFailure: switched('inhibit_on_failure'),
  check: elsewhere,
};

function destination(told: unknown, at: string, ofService: unknown, lines: Lines): void {
  const { address, port, check } = isRecord(told) ? told : {};
  const where = quoted(isText(address) ? address : '', `${at}/address`, lines);
  lines.block(at, `real_server ${where}${isNumber(port) && port !== 0 ? ` ${port}` : ''}`, () => {
    if (!fields(told, at, lines, destinationFields, ['id', 'address', 'port'])) return;
    forwarding(told, at, 'lvs_method', lines);
    if (isRecord(check) && check['type'] === 'none') fields(check, `${at}/check`, lines, { type: elsewhere });
    else if (check !== undefined) checkLines(check, `${at}/check`, lines);
    else if (ofService !== undefined) checkLines(ofService, '/check', new Copied(lines));
  });
}

/** What has been complained about is only copied. */
class Copied extends Lines {
  readonly #to: Lines;

  constructor(to: Lines) {
    super();
    this.#to = to;
  }

  override line(pointer: string, line: string): void {
    this.#to.line(pointer, line);
  }

  override wrong(): void {
    return;
  }
}
