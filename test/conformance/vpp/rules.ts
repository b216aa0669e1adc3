/** What one packet must have become on its way to a server, method by method. Each says what is wrong, or nothing. */
import {
  dscp,
  ecn,
  GRE,
  hex,
  innerOfGre,
  isFragment,
  keepsSum,
  longAddress,
  type Packet,
  payloadOf,
  portsOf,
  same,
  transportSum,
} from './packets.js';
import { type Site, type Vip, type Way } from './site.js';

/** Bytes that a tunnel puts in front. */
export const overhead = ({ encap }: Vip): number => (encap === 'gre4' ? 24 : encap === 'gre6' ? 44 : 0);

const LOWEST_TTL = 64;

/** Ethernet: to the right neighbour, from the port it leaves by. */
export function linkFault(out: Packet, way: Way): string | undefined {
  if (out.sourceMac !== way.port.mac) return `source MAC ${out.sourceMac}, not that of ${way.port.name}`;
  if (out.destinationMac !== way.mac) return `destination MAC ${out.destinationMac}, not ${String(way.mac)}`;
  return undefined;
}

/** A packet of the VIP as its server gets it. `fragmentOf`: it may be a part of `input` because the whole does not fit. */
export function carriedFault(site: Site, vip: Vip, input: Packet, out: Packet): string | undefined {
  if (vip.encap === 'gre4' || vip.encap === 'gre6') return greFault(site, vip, input, out);
  return vip.encap === 'l3dsr' ? l3dsrFault(vip, input, out) : natFault(vip, input, out);
}

/** The outer header of RFC 2784 over IPv4 or IPv6, but for what it carries. */
export function outerFault(site: Site, vip: Vip, inner: Packet, out: Packet): string | undefined {
  const version = vip.encap === 'gre4' ? 4 : 6;
  if (out.version !== version) return `outer header is IPv${out.version}`;
  if (!out.headerSumRight) return 'outer checksum is wrong';
  const wrongSource = sourceFault(site, vip, out);
  if (wrongSource !== undefined) return wrongSource;
  if (out.protocol !== GRE) return `outer protocol ${out.protocol}, not 47`;
  if (out.version === 4 && out.headerLength !== 20) return 'outer header has options';
  if (out.ttl < LOWEST_TTL) return `outer TTL ${out.ttl}`;
  if (dscp(out) !== dscp(inner)) return `outer DSCP ${dscp(out)}, inner ${dscp(inner)}`;
  if (ecn(out) !== ecn(inner)) return `outer ECN ${ecn(out)}, inner ${ecn(inner)} (RFC 6040)`;
  if (out.version === 4 && !isFragment(out) && out.dontFragment !== inner.dontFragment)
    return `outer DF ${String(out.dontFragment)}, inner ${String(inner.dontFragment)}`;
  return undefined;
}

/** Configured, or else an address of the port that it leaves by. */
function sourceFault(site: Site, vip: Vip, out: Packet): string | undefined {
  const source = vip.encap === 'gre4' ? site.source4 : site.source6;
  if (source !== '')
    return out.source === longAddress(source) ? undefined : `outer source ${out.source}, not ${source}`;
  const own = site.wayTo(out.destination)?.port.addresses.map((one) => one.split('/')[0]) ?? [];
  return own.includes(out.source) ? undefined : `outer source ${out.source} is no address of the port it leaves by`;
}

function greFault(site: Site, vip: Vip, input: Packet, out: Packet): string | undefined {
  const wrong = outerFault(site, vip, input, out);
  if (wrong !== undefined) return wrong;
  const inner = innerOfGre(out);
  if (inner === undefined) return 'nothing behind the outer header';
  if (inner.greFlags !== 0) return `GRE flags and version 0x${inner.greFlags.toString(16)}`;
  const type = input.version === 4 ? 0x0800 : 0x86dd;
  if (inner.type !== type) return `GRE protocol type 0x${inner.type.toString(16)}`;
  return same(inner.bytes, input.bytes)
    ? undefined
    : `inner packet changed: ${firstDifference(inner.bytes, input.bytes)}`;
}

function firstDifference(a: Uint8Array, b: Uint8Array): string {
  if (a.length !== b.length) return `${a.length} bytes, not ${b.length}`;
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return `byte ${at} is ${hex(a.subarray(at, at + 1))}, was ${hex(b.subarray(at, at + 1))}`;
}

/** What no method that rewrites may touch, and that the TTL is one less. */
export function routedFault(input: Packet, out: Packet): string | undefined {
  if (out.version !== input.version) return `IPv${out.version}`;
  if (out.ttl !== input.ttl - 1) return `TTL ${out.ttl} after ${input.ttl}`;
  if (!out.headerSumRight) return 'IP checksum is wrong';
  if (out.id !== input.id || out.dontFragment !== input.dontFragment) return 'id or DF changed';
  if (out.fragmentOffset !== input.fragmentOffset || out.moreFragments !== input.moreFragments)
    return 'fragment changed';
  if (out.flowLabel !== input.flowLabel) return 'flow label changed';
  if (out.protocol !== input.protocol || out.transportAt !== input.transportAt) return 'protocol or headers changed';
  const options = (packet: Packet): Uint8Array =>
    packet.bytes.subarray(packet.version === 4 ? 20 : 40, packet.transportAt);
  if (!same(options(out), options(input))) return 'options or extension headers changed';
  if (!same(payloadOf(out), payloadOf(input))) return 'payload changed';
  if (!keepsSum(input, out))
    return `checksum does not differ by what was rewritten: was ${transportSum(input)}, is ${transportSum(out)}`;
  if (transportSum(input) !== transportSum(out)) return `checksum was ${transportSum(input)}, is ${transportSum(out)}`;
  return undefined;
}

function l3dsrFault(vip: Vip, input: Packet, out: Packet): string | undefined {
  if (out.source !== input.source) return `source ${out.source}, not ${input.source}`;
  if (dscp(out) !== vip.dscp) return `DSCP ${dscp(out)}, not ${vip.dscp}`;
  if (ecn(out) !== ecn(input)) return `ECN ${ecn(out)}, was ${ecn(input)}`;
  const [before, after] = [portsOf(input), portsOf(out)];
  if (before?.destination !== after?.destination || before?.source !== after?.source) return 'ports changed';
  return routedFault(input, out);
}

function natFault(vip: Vip, input: Packet, out: Packet): string | undefined {
  if (out.source !== input.source) return `source ${out.source}, not ${input.source}`;
  if (out.tos !== input.tos) return `ToS ${out.tos}, was ${input.tos}`;
  const [before, after] = [portsOf(input), portsOf(out)];
  if (before?.source !== after?.source) return `source port ${String(after?.source)}, was ${String(before?.source)}`;
  if (after !== undefined && after.destination !== vip.targetPort)
    return `destination port ${after.destination}, not ${vip.targetPort}`;
  return routedFault(input, out);
}

/** A server's packet as its client gets it. */
export function replyFault(input: Packet, out: Packet, address: string, port: number): string | undefined {
  if (out.source !== address) return `source ${out.source}, and the client asked ${address}`;
  if (out.destination !== input.destination) return `destination ${out.destination}, not ${input.destination}`;
  const [before, after] = [portsOf(input), portsOf(out)];
  if (after?.source !== port) return `source port ${String(after?.source)}, not ${port}`;
  if (after.destination !== before?.destination) return 'destination port changed';
  if (out.tos !== input.tos) return `ToS ${out.tos}, was ${input.tos}`;
  return routedFault(input, out);
}
