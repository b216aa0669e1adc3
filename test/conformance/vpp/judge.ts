/**
 * Follows a case packet by packet: what each must become by the script, by the packets before it, and by the table of groups in
 * cases/README.md. What is wrong is collected, not thrown.
 */
import type { CapturedFrame } from '../../../src/replay/pcap.js';
import { type Alter, Driver, type Outcome } from './driver.js';
import {
  framed,
  ICMP,
  ICMP6,
  icmpErrorOf,
  innerOfGre,
  isEchoRequest,
  isFragment,
  type Packet,
  portsOf,
  readFrame,
  readPacket,
  reassemble,
  same,
  transportSum,
} from './packets.js';
import { carriedFault, linkFault, outerFault, overhead, replyFault } from './rules.js';
import { checkIcmpToServer, checkReplyError, checkTold } from './icmp-rules.js';
import { flushedBy, isNat, isRewriting, isTunnel, Site, type Vip, type Way } from './site.js';

/** A flow as its client sees it, and where it goes. */
export interface Flow {
  readonly vip: Vip;
  readonly client: string;
  readonly clientPort: number;
  readonly address: string;
  readonly port: number;
  readonly protocol: number;
  server: string;
  seenMs: number;
}

export interface Placed {
  readonly flow: Flow;
  readonly isNew: boolean;
}

/** Seconds by which clocks may differ about whether a flow has timed out. */
const SLACK_MS = 1500;

export class Judge {
  readonly site = new Site();
  readonly driver: Driver;
  readonly alter: Alter | undefined;
  readonly faults: string[] = [];
  readonly flows = new Map<string, Flow>();
  /** Servers of new flows, in order. */
  readonly placed: Placed[] = [];
  /** By what a fragment has of its datagram: ports of its first. */
  readonly #fragments = new Map<string, { readonly source: number; readonly destination: number }>();
  /** Fragments that wait for the first of their datagram. */
  #waiting: Packet[] = [];
  #count = 0;

  /** Errors about flows that nobody had seen, and where they went. */
  readonly strayErrors: { readonly vip: Vip; readonly quoted: Packet; readonly server: string }[] = [];

  constructor(alter?: Alter) {
    this.alter = alter;
    this.driver = new Driver(alter);
  }

  /** A line of the script, or one typed between steps. */
  type(line: string): void {
    if (!this.site.apply(line)) this.faults.push(`the judge does not understand '${line}'`);
    this.driver.type(line);
    const flushed = flushedBy(line);
    for (const [name, { vip, server }] of this.flows) {
      if (flushed.what === 'nothing') break;
      const isItsVip = flushed.what === 'all' || (flushed.prefix === vip.prefix && flushed.port === vip.port);
      if (isItsVip && (flushed.what !== 'servers' || flushed.servers.includes(server))) this.flows.delete(name);
    }
  }

  wait(seconds: number): void {
    const { sent, passed } = this.driver.wait(seconds);
    if (sent.length + passed.length > 0) this.faults.push(`something was sent while waiting`);
  }

  /** One packet after the other: then nobody can be mistaken about what came of which. */
  inject(port: string, frames: readonly CapturedFrame[]): void {
    for (const frame of frames) this.step(port, frame);
  }

  /** What was sent because of a frame; what is wrong is noted. */
  step(port: string, frame: CapturedFrame): Outcome {
    this.#count++;
    const outcome = this.driver.inject(port, [frame]);
    const fault = this.#judge(frame.bytes, outcome);
    if (fault !== undefined) this.faults.push(`packet ${this.#count} (${port}): ${fault}`);
    return outcome;
  }

  /** A packet of the judge's own making. */
  send(port: string, packet: Uint8Array): Outcome {
    const { mac } = this.site.interfaces.find(({ name }) => name === port)!;
    return this.step(port, { atUs: 0, bytes: framed(packet, mac, '02:0a:00:00:00:01') });
  }

  #judge(frame: Uint8Array, outcome: Outcome): string | undefined {
    const packet = readFrame(frame);
    if (packet === undefined || packet.transportAt > packet.bytes.length) return passedFault(frame, outcome);
    if (!packet.headerSumRight) return nothingFault(outcome) ?? this.#counted('bad_ip_checksum');
    if (isFragment(packet)) return this.#fragment(packet, frame, outcome);
    return this.#whole(packet, frame, outcome);
  }

  #counted(reason: string): string | undefined {
    return this.driver.dropped(reason) > 0 ? undefined : `was not counted as ${reason}`;
  }

  #whole(packet: Packet, frame: Uint8Array, outcome: Outcome): string | undefined {
    const error = icmpErrorOf(packet);
    if (error !== undefined) return this.#icmpError(packet, frame, outcome);
    const ports = portsOf(packet);
    const vip = this.site.vipOf(packet.destination, packet.protocol, ports?.destination);
    if (vip !== undefined) return this.#toVip(vip, packet, ports ?? NO_PORTS, outcome);
    if (isEchoRequest(packet)) return this.#echo(packet, frame, outcome);
    const flows = this.flowsOfReply(packet, ports);
    if (flows.length > 0) return this.#reply(flows, packet, outcome);
    return passedFault(frame, outcome);
  }

  /** Of a VIP with ports: the kernel's, or answered by us. */
  #echo(packet: Packet, frame: Uint8Array, outcome: Outcome): string | undefined {
    if (outcome.sent.length === 0) return passedFault(frame, outcome);
    const answer = readFrame(outcome.sent[0]!.frame);
    if (outcome.sent.length !== 1 || outcome.passed.length > 0 || answer === undefined)
      return 'echo: more than an answer';
    if (answer.source !== packet.destination || answer.destination !== packet.source)
      return 'echo: answered from elsewhere';
    const type = answer.bytes[answer.transportAt];
    if (type !== (packet.version === 4 ? 0 : 129) || transportSum(answer) !== 'right') return 'echo: no right answer';
    return same(answer.bytes.subarray(answer.transportAt + 4), packet.bytes.subarray(packet.transportAt + 4))
      ? undefined
      : 'echo: another id, number or data';
  }

  #toVip(vip: Vip, packet: Packet, ports: Ports, outcome: Outcome): string | undefined {
    if (this.site.eligible(vip).length === 0 && this.#flow(vip, packet, ports) === undefined)
      return nothingFault(outcome) ?? this.#counted('no_destination');
    if (isRewriting(vip) && packet.ttl <= 1) return checkTold(this.site, packet, outcome, 'ttl');
    const way = this.#someWay(vip);
    if (way !== undefined && packet.bytes.length + overhead(vip) > way.port.mtu)
      return this.#tooBig(vip, packet, ports, way, outcome);
    if (outcome.passed.length > 0) return 'was left to the kernel';
    if (outcome.sent.length !== 1) return `${outcome.sent.length} packets were sent for it`;
    return this.#carried(vip, packet, ports, outcome.sent[0]!);
  }

  /** All servers of a case are behind one port. */
  #someWay(vip: Vip): Way | undefined {
    return vip.servers.map(({ address }) => this.site.wayTo(address)).find((way) => way !== undefined);
  }

  #carried(
    vip: Vip,
    packet: Packet,
    ports: Ports,
    sent: { readonly port: string; readonly frame: Uint8Array },
  ): string | undefined {
    const out = readFrame(sent.frame);
    if (out === undefined) return 'what was sent is no IP packet';
    const way = this.site.wayTo(out.destination);
    if (way === undefined || way.port.name !== sent.port) return `left by ${sent.port} to ${out.destination}`;
    return (
      this.place(vip, packet, ports, out.destination) ??
      linkFault(out, way) ??
      carriedFault(this.site, vip, packet, out)
    );
  }

  /** DF or IPv6: the client is told what fits. Else all parts reach one server, which can put them together. */
  #tooBig(vip: Vip, packet: Packet, ports: Ports, way: Way, outcome: Outcome): string | undefined {
    if (packet.dontFragment) return checkTold(this.site, packet, outcome, 'too-big', way.port.mtu - overhead(vip));
    const outs = outcome.sent.map(({ frame }) => readFrame(frame)).filter((out) => out !== undefined);
    if (outs.length < 2 || outcome.passed.length > 0) return `${outs.length} parts of a packet that does not fit`;
    const servers = new Set(outs.map(({ destination }) => destination));
    if (servers.size !== 1) return 'parts reach different servers';
    const long = outs.find(({ bytes }) => bytes.length > way.port.mtu);
    if (long !== undefined) return `a part of ${long.bytes.length} bytes does not fit either`;
    const whole = this.#puttogether(vip, packet, outs);
    if (typeof whole === 'string') return whole;
    return this.place(vip, packet, ports, outs[0]!.destination) ?? linkFault(outs[0]!, way);
  }

  /** Parts made before the tunnel, as they should be, or of the outer packet. */
  #puttogether(vip: Vip, packet: Packet, outs: readonly Packet[]): Uint8Array | string {
    const wrong = outs
      .map((out) => (isTunnel(vip) ? outerFault(this.site, vip, packet, out) : undefined))
      .find((one) => one !== undefined);
    if (wrong !== undefined) return `a part: ${wrong}`;
    const inner = outs.every(isFragment)
      ? innerOfReassembled(outs)
      : reassemble(outs.flatMap((out) => innerPacket(out) ?? []));
    if (inner === undefined) return 'the parts make no whole';
    const payload = (bytes: Uint8Array): Uint8Array => bytes.subarray(4 * (bytes[0]! & 0x0f));
    return same(payload(inner), payload(packet.bytes)) ? inner : 'put together, the packet is another one';
  }

  // ---- flows

  #keyOf(vip: Vip, packet: Packet, ports: Ports): string {
    const { source, destination, protocol } = packet;
    return [vip.prefix, vip.port, vip.protocol, protocol, source, ports.source, destination, ports.destination].join(
      ' ',
    );
  }

  /** A flow that surely has not timed out. */
  #flow(vip: Vip, packet: Packet, ports: Ports): Flow | undefined {
    const flow = this.flows.get(this.#keyOf(vip, packet, ports));
    return flow !== undefined && this.#isAlive(flow) ? flow : undefined;
  }

  #isAlive({ seenMs }: Flow): boolean {
    return this.driver.nowMs - seenMs < 1000 * this.site.timeout - SLACK_MS;
  }

  /** Where a packet went must be where its flow goes; a new flow may only go to who may have one. */
  place(vip: Vip, packet: Packet, ports: Ports, server: string): string | undefined {
    const key = this.#keyOf(vip, packet, ports);
    const flow = this.#flow(vip, packet, ports);
    if (flow !== undefined) {
      flow.seenMs = this.driver.nowMs;
      return flow.server === server ? undefined : `its flow goes to ${flow.server}, it went to ${server}`;
    }
    const neighbour = vip.sticky ? this.#sameClient(vip, packet) : undefined;
    const fresh: Flow = {
      vip,
      client: packet.source,
      clientPort: ports.source,
      address: packet.destination,
      port: ports.destination,
      protocol: packet.protocol,
      server,
      seenMs: this.driver.nowMs,
    };
    this.flows.set(key, fresh);
    this.placed.push({ flow: fresh, isNew: true });
    if (neighbour !== undefined)
      return neighbour.server === server ? undefined : `its client goes to ${neighbour.server}, it went to ${server}`;
    if (!vip.servers.some(({ address }) => address === server))
      return `went to ${server}, which is no server of the VIP`;
    return this.site.eligible(vip).includes(server) ? undefined : `a new flow went to ${server}, which takes none`;
  }

  #sameClient(vip: Vip, packet: Packet): Flow | undefined {
    return [...this.flows.values()].find(
      (flow) =>
        flow.vip.prefix === vip.prefix &&
        flow.vip.port === vip.port &&
        flow.client === packet.source &&
        this.#isAlive(flow),
    );
  }

  // ---- fragments

  /** Later ones follow the first; those that come before it wait. */
  #fragment(packet: Packet, frame: Uint8Array, outcome: Outcome): string | undefined {
    const key = datagramOf(packet);
    const own = portsOf(packet);
    if (own !== undefined) this.#fragments.set(key, own);
    const ports = this.#fragments.get(key);
    if (ports === undefined && [6, 17, 132].includes(packet.protocol)) {
      if (outcome.sent.length + outcome.passed.length === 0) {
        this.#waiting.push(packet);
        return undefined;
      }
    }
    const vip = this.site.vipOf(packet.destination, packet.protocol, ports?.destination);
    if (vip === undefined) return passedFault(frame, outcome);
    const held = this.#waiting.filter((one) => datagramOf(one) === key);
    this.#waiting = this.#waiting.filter((one) => datagramOf(one) !== key);
    return this.#fragmentsOut(vip, [packet, ...held], ports ?? NO_PORTS, outcome);
  }

  #fragmentsOut(vip: Vip, inputs: readonly Packet[], ports: Ports, outcome: Outcome): string | undefined {
    if (outcome.passed.length > 0) return 'a fragment was left to the kernel';
    if (outcome.sent.length !== inputs.length) return `${outcome.sent.length} packets for ${inputs.length} fragments`;
    const left = [...outcome.sent];
    for (const input of inputs) {
      const at = left.findIndex(({ frame }) => offsetOf(vip, frame) === input.fragmentOffset);
      if (at < 0) return `the fragment at ${input.fragmentOffset} was not sent`;
      const fault = this.#carried(vip, input, ports, left.splice(at, 1)[0]!);
      if (fault !== undefined) return `fragment at ${input.fragmentOffset}: ${fault}`;
    }
    return undefined;
  }

  /** What never got its first fragment. */
  get stranded(): number {
    return this.#waiting.length;
  }

  // ---- replies and errors

  /** Flows whose server answers so. Two may look alike from there: the same client port to two addresses. */
  flowsOfReply({ source, destination, protocol }: Packet, ports: Ports | undefined): readonly Flow[] {
    if (ports === undefined) return [];
    return [...this.flows.values()].filter(
      (flow) =>
        isNat(flow.vip) &&
        flow.server === source &&
        flow.vip.targetPort === ports.source &&
        flow.client === destination &&
        flow.clientPort === ports.destination &&
        flow.protocol === protocol &&
        this.#isAlive(flow),
    );
  }

  #reply(flows: readonly Flow[], packet: Packet, outcome: Outcome): string | undefined {
    if (outcome.passed.length > 0) return 'a reply was left to the kernel';
    if (packet.ttl <= 1) return checkTold(this.site, packet, outcome, 'ttl');
    if (outcome.sent.length !== 1) return `${outcome.sent.length} packets were sent for a reply`;
    const [{ port, frame }] = outcome.sent as [{ port: string; frame: Uint8Array }];
    const out = readFrame(frame);
    const way = this.site.wayTo(packet.destination);
    if (out === undefined || way === undefined || way.port.name !== port) return `a reply left by ${port}`;
    for (const flow of flows) flow.seenMs = this.driver.nowMs;
    const faults = flows.map(({ address, port }) => replyFault(packet, out, address, port));
    return faults.includes(undefined) ? linkFault(out, way) : faults[0];
  }

  #icmpError(packet: Packet, frame: Uint8Array, outcome: Outcome): string | undefined {
    const error = icmpErrorOf(packet)!;
    const { quoted } = error;
    const ports = portsOf(quoted);
    // towards the servers: what is quoted was sent by the VIP
    const vip = this.site.vipOf(quoted.source, quoted.protocol, ports?.source);
    if (vip !== undefined) {
      const flow = this.flowOfQuote(vip, quoted);
      const fault = checkIcmpToServer(this.site, vip, packet, outcome, flow?.server);
      const out = outcome.sent[0] === undefined ? undefined : readFrame(outcome.sent[0].frame);
      if (flow === undefined && out !== undefined) this.strayErrors.push({ vip, quoted, server: out.destination });
      return fault;
    }
    // towards a client: what is quoted was sent to a server
    const flow = [...this.flows.values()].find(
      (one) =>
        isNat(one.vip) &&
        one.server === quoted.destination &&
        one.client === quoted.source &&
        one.clientPort === ports?.source &&
        one.vip.targetPort === ports.destination &&
        one.protocol === quoted.protocol,
    );
    if (flow !== undefined) return checkReplyError(this.site, packet, flow, outcome);
    const all = this.site.vipOf(packet.destination, packet.version === 4 ? ICMP : ICMP6, undefined);
    if (all !== undefined) return undefined; // about a flow that is none of the VIP's: nobody says who gets it
    return passedFault(frame, outcome);
  }

  flowOfQuote(vip: Vip, quoted: Packet): Flow | undefined {
    const ports = portsOf(quoted);
    return [...this.flows.values()].find(
      (flow) =>
        flow.vip === vip &&
        flow.protocol === quoted.protocol &&
        flow.address === quoted.source &&
        flow.client === quoted.destination &&
        (ports === undefined || (flow.port === ports.source && flow.clientPort === ports.destination)),
    );
  }
}

export interface Ports {
  readonly source: number;
  readonly destination: number;
}
const NO_PORTS: Ports = { source: 0, destination: 0 };

const datagramOf = ({ source, destination, id, protocol }: Packet): string =>
  `${source} ${destination} ${id} ${protocol}`;

const innerPacket = (out: Packet): Packet | undefined => {
  const inner = innerOfGre(out);
  return inner === undefined ? undefined : readPacket(inner.bytes);
};

function innerOfReassembled(outs: readonly Packet[]): Uint8Array | undefined {
  const whole = reassemble(outs);
  const outer = whole === undefined ? undefined : readPacket(whole);
  return outer === undefined ? undefined : innerOfGre(outer)?.bytes;
}

function offsetOf(vip: Vip, frame: Uint8Array): number | undefined {
  const out = readFrame(frame);
  return out === undefined || !isTunnel(vip) ? out?.fragmentOffset : innerPacket(out)?.fragmentOffset;
}

const nothingFault = ({ sent, passed }: Outcome): string | undefined =>
  sent.length + passed.length === 0 ? undefined : 'should have been dropped';

/** Left to the kernel as it came. */
function passedFault(frame: Uint8Array, { sent, passed }: Outcome): string | undefined {
  if (sent.length > 0) return `is not ours, and something left by ${sent[0]!.port}`;
  if (passed.length !== 1) return 'is not ours, and was not left to the kernel';
  return same(passed[0]!, frame) ? undefined : 'was left to the kernel, but not as it came';
}
