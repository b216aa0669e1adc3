import type { ExplainStep } from '../cli/explain.js';
import type { AskedPacket } from '../dataplane/asked-packet.js';
import { packetName } from '../dataplane/asked-packet.js';
import type { Connection } from '../ipvs/proc.js';
import type { DestinationRow, ListedService } from '../ipvs/rows.js';
import { type Family, formatEndpoint, familyOf } from '../model/address.js';
import { type DestinationKey, destinationName, type Tunnel } from '../model/destination.js';
import { type ServiceKey, serviceFamily, serviceName } from '../model/service.js';
import { maskAddress } from '../schedulers/persistence.js';
import { kernelChoice } from './kernel-choice.js';

/** Of net.ipv4.vs. */
export interface KernelRules {
  readonly sloppyTcp: boolean;
  readonly expireQuiescentTemplate: boolean;
  /** Bits: 1 a SYN may take the place of an ended connection. */
  readonly connReuseMode: number;
}

/** What the kernel tells that a packet's fate depends on. */
export interface KernelFacts {
  /** Destinations in the kernel's order, newest first. */
  readonly services: readonly ListedService[];
  /** Those that may concern the packet; others do no harm. */
  readonly connections: readonly Connection[];
  readonly rules: KernelRules;
  /** Whether what is sent to the target comes to this machine itself; undefined: not known. */
  readonly targetIsLocal: boolean | undefined;
}

export interface KernelExplanation {
  readonly steps: readonly ExplainStep[];
  readonly verdict: 'forward' | 'pass' | 'drop';
  /** Where the packet goes on; its way there is a further step. */
  readonly server: DestinationKey | undefined;
  /** Whether IPVS has to do with it at all. */
  readonly concerned: boolean;
}

/** What the kernel's IPVS does with a packet that comes in, in the order in which it asks (ip_vs_in, ip_vs_schedule). Pure. */
export function explainKernel(facts: KernelFacts, packet: AskedPacket): KernelExplanation {
  return new Trace(facts, packet).run();
}

const wordsOf = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP', icmp: 'ICMP' } as const;
/** As ip_vs_conn shows the template of a fwmark service. */
const MARK_PROTOCOL = 'IP';

class Trace {
  readonly #facts: KernelFacts;
  readonly #packet: AskedPacket;
  readonly #steps: ExplainStep[] = [];

  constructor(facts: KernelFacts, packet: AskedPacket) {
    this.#facts = facts;
    this.#packet = packet;
  }

  run(): KernelExplanation {
    const { protocol, flags, target } = this.#packet;
    const what = flags.length === 0 ? '' : ` (${flags.join(' ')})`;
    this.#say('parse', `${packetName(this.#packet)}${what} came in.`);
    if (protocol === 'icmp') {
      this.#say('service', "IPVS balances no echo requests: it is the kernel's own.", { found: false });
      return this.#end('pass', false);
    }
    const reply = this.#replyOf();
    if (reply !== undefined) return this.#answer(reply);
    const known = this.#connection();
    if (known !== undefined) return this.#follow(known);
    const service = this.#service();
    if (service === undefined) return this.#end('pass', false);
    if (this.#facts.targetIsLocal === false)
      this.#say('service', `But ${target.address} is no address of this machine: IPVS only looks at what comes to it.`);
    if (!this.#mayBegin()) return this.#end('pass', true);
    return service.settings.persistent ? this.#persistent(service) : this.#schedule(service);
  }

  #say(step: string, text: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#steps.push({ step, text, ...more });
  }

  #end(verdict: KernelExplanation['verdict'], concerned = true, server?: DestinationKey): KernelExplanation {
    const text = {
      forward: 'IPVS sends it on.',
      pass: "IPVS leaves it alone: the kernel's own stack gets it.",
      drop: 'Dropped.',
    }[verdict];
    this.#say('verdict', text, { verdict });
    return { steps: this.#steps, verdict, server, concerned };
  }

  // ------------------------------------------------------------ connections

  /** The packet comes from a server of a connection. */
  #replyOf(): Connection | undefined {
    const { client, target, protocol } = this.#packet;
    return this.#facts.connections.find(
      (row) =>
        row.protocol === wordsOf[protocol] &&
        row.clientPort !== 0 &&
        row.destinationAddress === client.address &&
        row.destinationPort === client.port &&
        row.clientAddress === target.address &&
        row.clientPort === target.port,
    );
  }

  #answer(row: Connection): KernelExplanation {
    const [server, client, vip] = endsOf(row);
    this.#say('session', `It answers a connection (${row.state}): server ${server} to ${client}, who asked ${vip}.`, {
      found: true,
      reply: true,
      state: row.state,
    });
    const { destination } = this.#destinationOf(row);
    if (destination?.settings.method !== 'masquerade') {
      this.#say('rewrite', 'It passes as it is: only masquerading servers are answered for.');
      return this.#end('pass');
    }
    this.#say('rewrite', `Rewritten, checksums with it: source ${server} becomes ${vip}.`);
    return this.#end('forward', true, { address: row.clientAddress, port: row.clientPort });
  }

  #connection(): Connection | undefined {
    const { client, target, protocol } = this.#packet;
    const row = this.#facts.connections.find(
      (one) =>
        one.protocol === wordsOf[protocol] &&
        one.clientPort === client.port &&
        one.clientAddress === client.address &&
        one.virtualAddress === target.address &&
        one.virtualPort === target.port,
    );
    if (row === undefined) {
      this.#say('session', 'The kernel remembers no connection of this flow.', { found: false });
      return undefined;
    }
    const left = `${row.expiresSeconds} s until it is forgotten`;
    const [server] = endsOf(row);
    const fields = { found: true, state: row.state, server, remainingMs: 1000 * row.expiresSeconds };
    if (this.#isReplaced(row)) {
      this.#say(
        'session',
        `The connection (${row.state}, to ${server}) has ended: a SYN begins a new one in its place.`,
        { ...fields, found: false },
      );
      return undefined;
    }
    this.#say('session', `The kernel remembers the connection (${row.state}, ${left}): to ${server}.`, fields);
    return row;
  }

  /** is_new_conn_expected: only ended ones, and none that a persistence template has chosen. */
  #isReplaced({ state }: Connection): boolean {
    const { flags, protocol } = this.#packet;
    const isNew = protocol === 'tcp' && flags.includes('syn') && !flags.includes('rst');
    if (!isNew || (this.#facts.rules.connReuseMode & 1) === 0) return false;
    return (state === 'TIME_WAIT' || state === 'CLOSE') && this.#find()?.settings.persistent !== true;
  }

  #follow(row: Connection): KernelExplanation {
    const { destination, service } = this.#destinationOf(row);
    if (destination === undefined) {
      this.#say('destination', `Server ${endsOf(row)[0]} was removed from the service: its connections lead nowhere.`);
      return this.#end('drop');
    }
    return this.#carry(destination, service);
  }

  /** Of the service that the connection belongs to; of a fwmark service if no other has the server. */
  #destinationOf(row: Connection): { destination?: DestinationRow; service?: ListedService } {
    const fits = (key: ServiceKey): boolean =>
      key.by === 'fwmark' ||
      (wordsOf[this.#packet.protocol] === key.protocol.toUpperCase() &&
        key.address === row.virtualAddress &&
        (key.port === row.virtualPort || key.port === 0));
    const ordered = this.#facts.services.filter(({ key }) => fits(key)).sort((a, b) => exactness(b) - exactness(a));
    for (const service of ordered) {
      const destination = service.destinations.find(
        ({ key }) =>
          key.address === row.destinationAddress &&
          (key.port === row.destinationPort || key.port === 0 || service.key.by === 'fwmark'),
      );
      if (destination !== undefined) return { destination, service };
    }
    return {};
  }

  // ------------------------------------------------------------ services

  /** __ip_vs_service_find: the exact port, then a service of all ports. */
  #find(): ListedService | undefined {
    const { protocol, target } = this.#packet;
    const has = (port: number): ListedService | undefined =>
      this.#facts.services.find(
        ({ key }) =>
          key.by === 'address' && key.protocol === protocol && key.address === target.address && key.port === port,
      );
    return has(target.port) ?? has(0);
  }

  #service(): ListedService | undefined {
    const { target, family, protocol } = this.#packet;
    const marks = this.#facts.services.filter(({ key }) => key.by === 'fwmark' && serviceFamily(key) === family);
    if (marks.length > 0)
      this.#say(
        'service',
        `Services by firewall mark come first, if a rule of nft or iptables marks this packet, which is not looked at here: ${marks.map(({ key }) => serviceName(key)).join(', ')}.`,
      );
    const service = this.#find();
    if (service === undefined) {
      const to = `${protocol} to ${formatEndpoint(target.address, target.port)}`;
      this.#say('service', `No service takes ${to}: it is the kernel's own.`, { found: false });
      return undefined;
    }
    const name = serviceName(service.key);
    const why =
      service.key.by === 'address' && service.key.port === target.port
        ? 'takes it, by address, protocol and port'
        : 'takes it: there is none for its port, and this one is for all';
    this.#say('service', `Service ${name} ${why}.`, { found: true, service: name });
    return service;
  }

  /** tcp_conn_schedule. */
  #mayBegin(): boolean {
    const { protocol, flags } = this.#packet;
    if (protocol !== 'tcp') return true;
    if (!flags.includes('rst') && (flags.includes('syn') || this.#facts.rules.sloppyTcp)) return true;
    this.#say('session', 'Only a SYN begins a connection (net.ipv4.vs.sloppy_tcp is 0).');
    return false;
  }

  // ------------------------------------------------------------ servers

  /** ip_vs_sched_persist. */
  #persistent(service: ListedService): KernelExplanation {
    const { client } = this.#packet;
    const network = maskAddress(client.address, service.settings.persistenceMask);
    const row = this.#facts.connections.find((one) => this.#isTemplate(one, service, network));
    const named = `The service is persistent: clients of ${network}/${service.settings.persistenceMask} keep their server`;
    if (row === undefined) {
      this.#say('affinity', `${named}, and have none yet.`, { found: false, client: network });
      return this.#schedule(service);
    }
    const destination = service.destinations.find(
      ({ key }) =>
        key.address === row.destinationAddress && (row.destinationPort === 0 || key.port === row.destinationPort),
    );
    const name = destination === undefined ? endsOf(row)[0] : destinationName(destination.key);
    const gone =
      destination === undefined
        ? 'which was removed'
        : this.#facts.rules.expireQuiescentTemplate && destination.settings.weight === 0
          ? 'which has weight 0 (net.ipv4.vs.expire_quiescent_template)'
          : undefined;
    if (destination === undefined || gone !== undefined) {
      this.#say('affinity', `${named}: ${name}, ${gone ?? ''}.`, { found: false, client: network });
      return this.#schedule(service);
    }
    this.#say('affinity', `${named}: ${name}, for ${row.expiresSeconds} s more.`, {
      found: true,
      client: network,
      server: name,
    });
    return this.#carry(destination, service);
  }

  #isTemplate(row: Connection, { key }: ListedService, network: string): boolean {
    if (row.clientPort !== 0 || row.clientAddress !== network || key.by === 'fwmark') return false;
    return (
      row.protocol !== MARK_PROTOCOL &&
      row.protocol === wordsOf[this.#packet.protocol] &&
      row.virtualAddress === key.address &&
      row.virtualPort === key.port
    );
  }

  #schedule(service: ListedService): KernelExplanation {
    const { client, target } = this.#packet;
    const { key, settings } = service;
    if (key.by === 'address' && key.port === 0 && !settings.persistent) {
      this.#say('schedule', 'A service of all ports that is not persistent is not carried out by the kernel.');
      return this.#refuse();
    }
    const { server, slot, text, doubt } = kernelChoice(service, { client, virtual: target });
    this.#say('schedule', doubt === undefined ? text : `${text} Perhaps: ${doubt}.`, {
      scheduler: settings.scheduler,
      certain: doubt === undefined,
      ...slot,
      ...(server === undefined ? {} : { server: destinationName(server.key), weight: server.settings.weight }),
    });
    return server === undefined ? this.#refuse() : this.#carry(server, service);
  }

  /** ip_vs_leave. */
  #refuse(): KernelExplanation {
    this.#say('destination', "There is no server for it: the client is told 'port unreachable' by ICMP.");
    return this.#end('drop');
  }

  #carry(row: DestinationRow, service: ListedService | undefined): KernelExplanation {
    const name = destinationName(row.key);
    const { method, weight } = row.settings;
    const quiet = weight === 0 ? ' Its weight is 0: it gets no new connections, but keeps those it has.' : '';
    this.#say('destination', `The server is ${name}: ${howOf(row, this.#packet.family)}.${quiet}`, {
      server: name,
      method,
    });
    this.#say('rewrite', rewriteOf(row, this.#packet, service));
    return this.#end('forward', true, row.key);
  }
}

const exactness = ({ key }: ListedService): number => (key.by === 'fwmark' ? 0 : key.port === 0 ? 1 : 2);

/** Server, client, VIP. */
const endsOf = (row: Connection): readonly [string, string, string] => [
  formatEndpoint(row.destinationAddress, row.destinationPort),
  formatEndpoint(row.clientAddress, row.clientPort),
  formatEndpoint(row.virtualAddress, row.virtualPort),
];

function howOf({ key, settings }: DestinationRow, family: Family): string {
  switch (settings.method) {
    case 'masquerade':
      return 'its address is written over the VIP (NAT)';
    case 'direct-route':
      return 'the packet goes to its MAC address as it is (direct routing)';
    case 'tunnel':
      return `the packet is carried in ${settings.tunnel.type} over ${familyOf(key.address) === 'ip4' ? 'IPv4' : 'IPv6'}, inside it stays ${family === 'ip4' ? 'IPv4' : 'IPv6'}`;
    case 'local':
      return 'it is this machine itself';
    default:
      return `method ${settings.method}`;
  }
}

function rewriteOf({ key, settings }: DestinationRow, packet: AskedPacket, service: ListedService | undefined): string {
  const { target } = packet;
  if (settings.method === 'tunnel') {
    const outer = familyOf(key.address) === 'ip4' ? 20 : 40;
    const added = outer + tunnelBytes(settings.tunnel);
    return `${added} bytes go in front (${settings.tunnel.type}): an outer header to ${key.address}; the packet in it stays as it is but for its TTL.`;
  }
  if (settings.method !== 'masquerade') return 'Nothing is rewritten but the TTL.';
  const port = key.port === 0 || (service?.key.by === 'address' && service.key.port === 0) ? target.port : key.port;
  return `Rewritten, checksums with it: destination ${formatEndpoint(target.address, target.port)} becomes ${formatEndpoint(key.address, port)}. Answers get ${formatEndpoint(target.address, target.port)} as their source again.`;
}

/** GUE: a UDP header and four bytes, eight more with remote checksum offload. GRE: four, eight with a checksum. */
function tunnelBytes({ type, checksum, remoteChecksum }: Tunnel): number {
  if (type === 'gue') return 8 + 4 + (remoteChecksum ? 8 : 0);
  if (type === 'gre') return 4 + (checksum ? 4 : 0);
  return 0;
}
