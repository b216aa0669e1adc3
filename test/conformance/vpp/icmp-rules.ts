/** ICMP errors: those we send, those brought to a server, those brought back to a client. */
import type { Outcome } from './driver.js';
import {
  ICMP,
  ICMP6,
  type IcmpError,
  icmpErrorOf,
  innerOfGre,
  type Packet,
  portsOf,
  readFrame,
  same,
  transportSum,
} from './packets.js';
import type { Flow } from './judge.js';
import { linkFault, outerFault } from './rules.js';
import { isNat, isTunnel, type Site, type Vip } from './site.js';

/** The client gets an error of ours that quotes what it sent: time exceeded, or frag-needed with the MTU that fits. */
export function checkTold(
  site: Site,
  packet: Packet,
  { sent, passed }: Outcome,
  why: 'ttl' | 'too-big',
  mtu = 0,
): string | undefined {
  const what = why === 'ttl' ? 'time exceeded' : 'frag-needed';
  if (passed.length > 0) return `${what}: it was left to the kernel`;
  if (sent.length !== 1) return `${what}: ${sent.length} packets were sent`;
  const out = readFrame(sent[0]!.frame);
  const error = out === undefined ? undefined : icmpErrorOf(out);
  if (out === undefined || error === undefined) return `${what}: what was sent is no ICMP error`;
  if (out.destination !== packet.source) return `${what}: it went to ${out.destination}`;
  if (!site.isOurs(out.source) && out.source !== packet.destination) return `${what}: it is from ${out.source}`;
  if (!out.headerSumRight || transportSum(out) !== 'right') return `${what}: its checksum is wrong`;
  const way = site.wayTo(packet.source);
  if (way?.port.name !== sent[0]!.port) return `${what}: it left by ${sent[0]!.port}`;
  return typeFault(packet, error, why, mtu) ?? quoteFault(packet, error.quoted) ?? linkFault(out, way);
}

function typeFault(
  { version }: Packet,
  { type, code, mtu }: IcmpError,
  why: 'ttl' | 'too-big',
  fits: number,
): string | undefined {
  const [wantedType, wantedCode] = why === 'ttl' ? (version === 4 ? [11, 0] : [3, 0]) : version === 4 ? [3, 4] : [2, 0];
  if (type !== wantedType || code !== wantedCode) return `ICMP type ${type} code ${code}`;
  return why === 'too-big' && mtu !== fits ? `says MTU ${mtu}, and ${fits} fits` : undefined;
}

/** The beginning of what the client sent, byte for byte, and enough of it (RFC 792, 1812, 4443). */
function quoteFault(packet: Packet, { bytes }: Packet): string | undefined {
  if (bytes.length < Math.min(packet.bytes.length, packet.headerLength + 8)) return `quotes only ${bytes.length} bytes`;
  return same(bytes, packet.bytes.subarray(0, bytes.length)) ? undefined : 'quotes something else than was sent';
}

/** The error reaches the server of the flow it is about; of NAT it then speaks of that server. */
export function checkIcmpToServer(
  site: Site,
  vip: Vip,
  packet: Packet,
  { sent, passed }: Outcome,
  server: string | undefined,
): string | undefined {
  if (passed.length > 0) return 'an ICMP error was left to the kernel';
  if (sent.length !== 1) return `${sent.length} packets were sent for an ICMP error`;
  const out = readFrame(sent[0]!.frame);
  if (out === undefined) return 'what was sent is no IP packet';
  const way = site.wayTo(out.destination);
  if (way?.port.name !== sent[0]!.port) return `an ICMP error left by ${sent[0]!.port}`;
  if (server !== undefined && out.destination !== server)
    return `an ICMP error about a flow of ${server} went to ${out.destination}`;
  if (!vip.servers.some(({ address }) => address === out.destination))
    return `an ICMP error went to ${out.destination}`;
  const linked = linkFault(out, way);
  if (linked !== undefined) return linked;
  if (!isTunnel(vip)) return rewrittenFault(vip, packet, out);
  const inner = innerOfGre(out);
  const fault = outerFault(site, vip, packet, out);
  return fault ?? (inner !== undefined && same(inner.bytes, packet.bytes) ? undefined : 'the ICMP error was changed');
}

function rewrittenFault(vip: Vip, packet: Packet, out: Packet): string | undefined {
  if (out.source !== packet.source || out.ttl !== packet.ttl - 1) return 'source or TTL of the ICMP error';
  if (!out.headerSumRight || transportSum(out) !== 'right') return 'a checksum of the ICMP error is wrong';
  const [before, after] = [icmpErrorOf(packet)!, icmpErrorOf(out)];
  if (after === undefined) return 'it is no ICMP error any more';
  if (after.type !== before.type || after.code !== before.code || after.mtu !== before.mtu)
    return 'type, code or MTU changed';
  if (!isNat(vip)) return same(after.quoted.bytes, before.quoted.bytes) ? undefined : 'the quote was changed';
  if (after.quoted.source !== out.destination)
    return `quotes ${after.quoted.source}, and the server is ${out.destination}`;
  if (after.quoted.destination !== before.quoted.destination) return 'the quoted client was changed';
  if (portsOf(after.quoted)?.source !== vip.targetPort)
    return `quotes port ${String(portsOf(after.quoted)?.source)}, not ${vip.targetPort}`;
  return after.quoted.headerSumRight ? undefined : 'the checksum of the quoted header is wrong';
}

/** A server, or a router behind us, complains: the client hears of the address it knows. */
export function checkReplyError(site: Site, packet: Packet, flow: Flow, { sent, passed }: Outcome): string | undefined {
  if (passed.length > 0) return 'an ICMP error for a client was left to the kernel';
  if (sent.length !== 1) return `${sent.length} packets were sent for an ICMP error to a client`;
  const out = readFrame(sent[0]!.frame);
  const after = out === undefined ? undefined : icmpErrorOf(out);
  if (out === undefined || after === undefined) return 'what was sent is no ICMP error';
  if (out.protocol !== (out.version === 4 ? ICMP : ICMP6) || out.destination !== flow.client)
    return 'it went to somebody else';
  if (packet.source === flow.server && out.source !== flow.address)
    return `it is from ${out.source}, and the client asked ${flow.address}`;
  if (!out.headerSumRight || transportSum(out) !== 'right') return 'a checksum of the ICMP error is wrong';
  if (after.quoted.destination !== flow.address)
    return `quotes ${after.quoted.destination}, and the client asked ${flow.address}`;
  if (portsOf(after.quoted)?.destination !== flow.port)
    return `quotes port ${String(portsOf(after.quoted)?.destination)}`;
  if (!after.quoted.headerSumRight) return 'the checksum of the quoted header is wrong';
  const way = site.wayTo(flow.client);
  return way?.port.name === sent[0]!.port ? linkFault(out, way) : `it left by ${sent[0]!.port}`;
}
