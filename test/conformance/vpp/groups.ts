/** What a group of cases must hold beside what every packet must: the rows of cases/README.md that look at more than one packet. */
import type { Case } from './cases.js';
import {
  type IcmpError,
  icmpErrorOf,
  isFragment,
  makePacket,
  type Packet,
  portsOf,
  type Ports,
  readFrame,
  TCP,
  UDP,
  withSource,
} from './packets.js';
import { type Flow, Judge } from './judge.js';
import { makeUnreachable } from './packets-icmp.js';
import { isNat, type Vip } from './site.js';

/** Which rows a case's name asks for. */
export interface Group {
  readonly name: RegExp;
  readonly check: (one: Case, judge: Judge) => readonly string[];
}

export const groups: readonly Group[] = [
  { name: /^t_/, check: everyServerHasHalf },
  { name: /_src_ip_sticky/, check: (_one, judge) => oneServerPerClient(judge) },
  { name: /_frags/, check: wholePacketsFollow },
  { name: /_icmp_errors|_misc/, check: errorsFollow },
  { name: /_icmp_errors|_misc/, check: errorsOfLiveFlows },
  {
    name: /_badcsum/,
    check: (_one, { driver }) => (driver.dropped('bad_ip_checksum') > 0 ? [] : ['no bad header checksum was counted']),
  },
  { name: /_wrongport/, check: noSessionForWrongPorts },
  { name: /^n_/, check: repliesOfLiveFlows },
  { name: /_weight/, check: sharesFollowWeights },
  { name: /^s_.*(add|new)/, check: newServersGetTheirShare },
  { name: /^s_/, check: (_one, judge) => sessionsAreFlows(judge) },
];

/** t_: every AS gets at least half of its fair share. */
function everyServerHasHalf(_one: Case, { placed, site }: Judge): readonly string[] {
  return site.vips.flatMap((vip) => {
    const own = placed.filter(({ flow }) => flow.vip === vip);
    if (own.length < 10 * vip.servers.length) return [];
    return vip.servers
      .map(({ address }) => ({ address, count: own.filter(({ flow }) => flow.server === address).length }))
      .filter(({ count }) => count < own.length / vip.servers.length / 2)
      .map(({ address, count }) => `${address} got ${count} of ${own.length} flows`);
  });
}

function oneServerPerClient({ flows }: Judge): readonly string[] {
  const servers = new Map<string, Set<string>>();
  for (const { vip, client, server } of flows.values()) {
    if (!vip.sticky) continue;
    const key = `${vip.prefix} ${vip.port} ${client}`;
    servers.set(key, (servers.get(key) ?? new Set()).add(server));
  }
  if (servers.size === 0) return ['no sticky flow was seen'];
  return [...servers].filter(([, all]) => all.size > 1).map(([client, all]) => `${client}: ${[...all].join(', ')}`);
}

const CLIENTS = (judge: Judge): string => judge.site.interfaces[0]!.name;
const SERVERS = (judge: Judge): string => judge.site.interfaces[1]!.name;

const clientPacket = ({ protocol, client, clientPort, address, port }: Flow, flags = 0x10): Uint8Array =>
  makePacket({
    protocol,
    source: client,
    destination: address,
    ports: { source: clientPort, destination: port },
    flags,
  });

/** Fragments went where whole packets of their flow go: the judge holds each flow to one server, so it is enough to send one. */
function wholePacketsFollow(_one: Case, judge: Judge): readonly string[] {
  if (judge.stranded > 0) return [`${judge.stranded} fragments never left`];
  const flows = [...judge.flows.values()].filter(({ protocol }) => protocol === TCP || protocol === UDP);
  if (flows.length === 0)
    return [...judge.site.vips].every(({ protocol }) => protocol === TCP) ? [] : ['no flow was seen'];
  const before = judge.faults.length;
  for (const flow of flows) judge.send(CLIENTS(judge), clientPacket(flow));
  return judge.faults.splice(before).map((fault) => `a whole packet after the fragments: ${fault}`);
}

interface Told {
  readonly error: IcmpError;
  readonly vip: Vip;
  readonly ports: Ports;
  readonly packet: Packet;
}

/** Errors of the case that are about a flow of a VIP's. */
function toldIn(one: Case, judge: Judge): readonly Told[] {
  return framesOf(one).flatMap((frame) => {
    const packet = readFrame(frame);
    const error = packet === undefined || isFragment(packet) ? undefined : icmpErrorOf(packet);
    const ports = error === undefined ? undefined : portsOf(error.quoted);
    const vip =
      error === undefined ? undefined : judge.site.vipOf(error.quoted.source, error.quoted.protocol, ports?.source);
    return packet === undefined || error === undefined || vip === undefined || ports === undefined
      ? []
      : [{ error, vip, ports, packet }];
  });
}

const framesOf = ({ steps }: Case): readonly Uint8Array[] =>
  steps.flatMap((step) => (step.do === 'inject' ? step.frames.map(({ bytes }) => bytes) : []));

/** The packet of the client that an error's quote answers. */
const quotedClientPacket = (quoted: Packet, ports: Ports, flags?: number): Uint8Array =>
  makePacket({
    protocol: quoted.protocol,
    source: quoted.destination,
    destination: quoted.source,
    ports: { source: ports.destination, destination: ports.source },
    ...(flags === undefined ? {} : { flags }),
  });

/** Errors about flows that nobody had seen went where those flows go: the flows are sent afterwards. */
function errorsFollow(_one: Case, judge: Judge): readonly string[] {
  return judge.strayErrors.flatMap(({ quoted, server }) => {
    const ports = portsOf(quoted);
    if (ports === undefined) return [];
    const before = judge.faults.length;
    const { sent } = judge.send(CLIENTS(judge), quotedClientPacket(quoted, ports, 0x02));
    const faults = judge.faults.splice(before);
    const flow = sent[0] === undefined ? undefined : readFrame(sent[0].frame)?.destination;
    return flow === server ? faults : [`an error about a flow of ${String(flow)} went to ${server}`];
  });
}

/** A judge of its own with the case's script. */
function anew(one: Case, { alter }: Judge): Judge {
  const judge = new Judge(alter);
  for (const line of one.script) judge.type(line);
  return judge;
}

/** The same errors about flows that live: each reaches the server that has the flow, NAT's quote rewritten. */
function errorsOfLiveFlows(one: Case, judge: Judge): readonly string[] {
  const all = toldIn(one, judge);
  if (all.length === 0) return [];
  const second = anew(one, judge);
  for (const told of all) second.send(CLIENTS(second), quotedClientPacket(told.error.quoted, told.ports, 0x02));
  const placed = second.flows.size;
  for (const { packet } of all) second.send(CLIENTS(second), packet.bytes);
  second.driver.close();
  const missing = placed === 0 ? ['no flow was made'] : [];
  return [...missing, ...second.faults].map((fault) => `with live flows: ${fault}`);
}

function noSessionForWrongPorts(one: Case, judge: Judge): readonly string[] {
  const flows = [...judge.flows.values()].filter(({ vip }) => !vip.sticky).length;
  const made = judge.driver.event('sessions_created');
  return made === flows || judge.site.vips.some(({ sticky }) => sticky)
    ? []
    : [`${made} sessions were made for ${flows} flows of ${one.name}`];
}

/** How many addresses of a prefix are tried until a flow goes to the wanted server. */
const TRIES = 1;

/**
 * Recorded replies mostly have no flow, and then are the kernel's. Here each gets one: its client asks first, the reply comes from the
 * server that was chosen, and it must leave with the address that was asked.
 */
function repliesOfLiveFlows(one: Case, judge: Judge): readonly string[] {
  const second = anew(one, judge);
  let count = 0;
  const replies = one.steps.flatMap((step) =>
    step.do === 'inject' && isServers(judge, step.port, step.frames) ? step.frames : [],
  );
  for (const [i, frame] of replies.entries()) {
    const packet = readFrame(frame.bytes);
    const flow = packet === undefined ? undefined : flowFor(second, packet, i);
    if (packet === undefined || flow === undefined) {
      second.step(SERVERS(second), frame);
      continue;
    }
    count++;
    second.send(SERVERS(second), packet.source === flow.server ? packet.bytes : withSource(packet, flow.server));
    second.send(SERVERS(second), errorAbout(flow));
  }
  second.driver.close();
  const wanted = replies.some((frame) => isAnswer(judge, readFrame(frame.bytes)));
  const missing = wanted && count === 0 ? ['no reply had a flow'] : [];
  return [...missing, ...second.faults].map((fault) => `with live flows: ${fault}`);
}

const isServers = (
  judge: Judge,
  port: string | undefined,
  frames: readonly { readonly bytes: Uint8Array }[],
): boolean => (port ?? portByMac(judge, frames)) === SERVERS(judge);

export function portByMac({ site }: Judge, [first]: readonly { readonly bytes: Uint8Array }[]): string {
  const mac = first === undefined ? undefined : readFrame(first.bytes)?.destinationMac;
  return (site.interfaces.find((one) => one.mac === mac) ?? site.interfaces[0]!).name;
}

const vipsAnswering = (judge: Judge, packet: Packet): readonly Vip[] =>
  judge.site.vips.filter(
    (vip) =>
      isNat(vip) &&
      (vip.protocol === 0 || vip.protocol === packet.protocol) &&
      vip.targetPort === portsOf(packet)?.source &&
      vip.servers.some(({ address }) => address === packet.source),
  );

const isAnswer = (judge: Judge, packet: Packet | undefined): boolean =>
  packet !== undefined && vipsAnswering(judge, packet).length > 0;

/** Makes the flow that a reply answers; of several VIPs with this server each in turn. */
function flowFor(judge: Judge, reply: Packet, turn: number): Flow | undefined {
  const vips = vipsAnswering(judge, reply);
  const vip = vips[turn % Math.max(1, vips.length)];
  const ports = portsOf(reply);
  if (vip === undefined || ports === undefined) return undefined;
  let last: Flow | undefined;
  for (const address of addressesOf(judge, vip, turn)) {
    judge.send(
      CLIENTS(judge),
      makePacket({
        protocol: reply.protocol,
        source: reply.destination,
        destination: address,
        ports: { source: ports.destination, destination: vip.port },
        flags: 0x02,
      }),
    );
    last = [...judge.flows.values()].find(
      (flow) => flow.address === address && flow.client === reply.destination && flow.clientPort === ports.destination,
    );
    if (last?.server === reply.source) return last;
  }
  return last;
}

/** Addresses of a VIP: of a prefix some, of a node port also the machine's own. */
function addressesOf({ site }: Judge, { prefix, nodePort }: Vip, turn: number): readonly string[] {
  const [base = '', length = ''] = prefix.split('/');
  if (nodePort > 0 && turn % 2 === 1 && !base.includes(':')) return [site.interfaces[0]!.addresses[0]!.split('/')[0]!];
  if (length === '32' || length === '128') return [base];
  const last = base.includes(':')
    ? (n: number) => base.replace(/[^:]*$/, n.toString(16))
    : (n: number) => base.replace(/\d+$/, String(n));
  return Array.from({ length: TRIES }, (_, i) => last(1 + ((turn * 7 + i) % 250)));
}

/** Port unreachable by the server about the client's packet as the server got it. */
function errorAbout({ vip, client, clientPort, server, protocol }: Flow): Uint8Array {
  const quoted = makePacket({
    protocol,
    source: client,
    destination: server,
    ports: { source: clientPort, destination: vip.targetPort },
    flags: 0x02,
  });
  return makeUnreachable(server, client, quoted);
}

/** Every server's share is that of its weight, as far as so many flows can show it. */
function sharesFollowWeights({ steps }: Case, { placed, site }: Judge): readonly string[] {
  if (steps.some((step) => step.do === 'type')) return []; // weights were others for some of the flows
  return site.vips.flatMap((vip) => {
    const own = placed.filter(({ flow }) => flow.vip === vip);
    const sum = vip.servers.reduce((all, { weight, removed }) => all + (removed ? 0 : weight), 0);
    if (own.length < 100 || sum === 0) return [];
    return vip.servers.flatMap(({ address, weight, removed }) => {
      const wanted = (own.length * (removed ? 0 : weight)) / sum;
      const count = own.filter(({ flow }) => flow.server === address).length;
      const slack = 4 * Math.sqrt(wanted) + 2;
      return Math.abs(count - wanted) <= slack
        ? []
        : [`${address} got ${count} flows, and ${wanted.toFixed(0)} is its share`];
    });
  });
}

/** A server that came later gets its part of the flows that came later still. */
function newServersGetTheirShare(one: Case, { placed, site }: Judge): readonly string[] {
  const added = one.steps.flatMap((step) => {
    const [, address] =
      (step.do === 'type'
        ? /^lb as \S+ (?:protocol \S+ port \d+ )?([\d.]+|[\da-f]*:[\da-f:]+)$/.exec(step.line)
        : null) ?? [];
    return address === undefined ? [] : [address];
  });
  const firstStep = one.steps.find((step) => step.do === 'inject');
  const before = firstStep?.do === 'inject' ? firstStep.frames.length : 0;
  const later = placed.slice(before);
  return added.flatMap((address) => {
    const vip = site.vips.find(({ servers }) => servers.some((server) => server.address === address));
    if (vip === undefined || later.length < 20) return [];
    const count = later.filter(({ flow }) => flow.server === address).length;
    return count >= later.length / vip.servers.length / 3
      ? []
      : [`${address} came later and got ${count} of ${later.length} flows`];
  });
}

/** As many sessions live as flows do: wrong ports, flushes and overflow leave none behind. */
function sessionsAreFlows({ driver, flows, site }: Judge): readonly string[] {
  if (site.vips.some(({ sticky }) => sticky)) return []; // a client has one more of its own
  const live = driver.liveSessions;
  const protocols = [...flows.values()].length;
  return live <= protocols ? [] : [`${live} sessions live, and there are ${protocols} flows`];
}
