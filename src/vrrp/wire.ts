/** From where and how adverts of an instance travel on this machine as it is now; and why they cannot. Pure. */
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import { familyOf } from '../model/address.js';
import type { HmacSettings } from './hmac.js';
import type { Wire } from './instance.js';
import type { LinkView } from './network.js';
import { PROTOCOL, HEADER_PROTOCOL, HOP_LIMIT } from './rfc.js';
import { receiveSettingsOf, sentChecksum } from './settings.js';

/** The interfaces of one instance. */
export interface Surroundings {
  /** Where adverts are heard; undefined: none is named, or it is not there. */
  readonly base: LinkView | undefined;
  /** Our own one above it (VMAC, ipvlan). */
  readonly own: LinkView | undefined;
  /** Addresses that come and go with a master: nobody is known by one. */
  readonly virtual: ReadonlySet<string>;
  /** Whether an address is on this machine. */
  readonly isHere: (address: string) => boolean;
  /** Any other interface, as it is; undefined: it is not there. */
  readonly link: (name: string) => Pick<LinkView, 'running'> | undefined;
}

/** Address of our adverts: the one that is written, else the first of the interface; of IPv6 its link-local one. */
export function sourceOf(instance: VrrpInstance, { base, own, virtual }: Surroundings): string | undefined {
  if (instance.source !== undefined) return instance.source;
  const scope = instance.family === 'ip6' ? 'link' : undefined;
  const from = instance.family === 'ip6' && sendsFromOwn(instance) ? own : base;
  return from?.addresses.find(
    (one) =>
      familyOf(one.address) === instance.family &&
      one.usable &&
      !virtual.has(one.address) &&
      (scope === undefined || one.scope === scope),
  )?.address;
}

const sendsFromOwn = ({ virtualInterface }: VrrpInstance): boolean =>
  virtualInterface !== undefined && !virtualInterface.sendFromBase;

/**
 * A macvlan keeps frames from its own MAC for itself, and that of a partner with a VMAC is the same; of other multicast it has a copy. Unicast
 * is for the address of the interface below.
 */
const hearsByOwn = ({ virtualInterface, transport }: VrrpInstance): boolean =>
  virtualInterface?.kind === 'macvlan' && transport.by === 'multicast';

/**
 * Interfaces beside its own that its addresses, routes and rules name, unless no_track is written there: without them a master would not have all
 * that it is master of. As keepalived, whether or not they are in track_interface too.
 */
function impliedInterfaces({ interface: own, addresses, excluded, routes, rules }: VrrpInstance): ReadonlySet<string> {
  const named = [
    ...[...addresses, ...excluded].flatMap((line) => (line.tracked ? [line.interface] : [])),
    ...routes.flatMap((line) => (line.tracked ? [line.interface, ...line.nextHops.map((hop) => hop.interface)] : [])),
    ...rules.flatMap((line) => (line.tracked ? [line.inInterface, line.outInterface] : [])),
  ];
  return new Set(named.flatMap((name) => (name === undefined || name === own ? [] : [name])));
}

/** What of the network keeps the instance from its work. Empty: nothing. */
export function networkFaults(instance: VrrpInstance, around: Surroundings): readonly string[] {
  const { transport, ignoreOwnInterface, trackSource, source, virtualInterface } = instance;
  if (transport.by === 'nobody') return ['there is no unicast peer'];
  const name = instance.interface;
  if (name !== undefined && around.base === undefined) return [`interface ${name} does not exist`];
  const faults: string[] = [];
  if (around.base?.running === false && !ignoreOwnInterface) faults.push(`interface ${name} is down`);
  if (virtualInterface !== undefined && around.own === undefined)
    faults.push(`the virtual interface above ${name} is not there`);
  if (source !== undefined && trackSource && !around.isHere(source))
    faults.push(`source ${source} is not on this machine`);
  for (const other of impliedInterfaces(instance)) {
    const link = around.link(other);
    if (link?.running !== true)
      faults.push(
        `interface ${other}, which it needs for what it has there, ${link === undefined ? 'does not exist' : 'is down'}`,
      );
  }
  if (faults.length === 0 && sourceOf(instance, around) === undefined)
    faults.push(`${name} has no ${instance.family === 'ip6' ? 'link-local' : 'IPv4'} address to send from`);
  return faults;
}

/** undefined: there is no address to send from, or nobody to send to. */
export function wireOf(instance: VrrpInstance, hmac: HmacSettings | undefined, around: Surroundings): Wire | undefined {
  const source = sourceOf(instance, around);
  const destinations = destinationsOf(instance);
  if (source === undefined || destinations === undefined) return undefined;
  const { family, version, transport, authentication, strict } = instance;
  const unicast = transport.by === 'unicast';
  const ttl = unicast ? transport.ttl : HOP_LIMIT;
  const receive = receiveSettingsOf(instance, hmac, [source]);
  const signsHeader = version === 2 && authentication?.type === 'ah' && !strict;
  return {
    link: {
      family,
      protocol: signsHeader ? HEADER_PROTOCOL : PROTOCOL,
      interface: hearsByOwn(instance) ? around.own?.name : around.base?.name,
      sendInterface: sendsFromOwn(instance) ? around.own?.name : around.base?.name,
      source,
      to: destinations,
      ttl,
      receiveBufferBytes: instance.receiveBufferBytes,
    },
    receive,
    send: ('group' in destinations ? [destinations.group] : destinations.peers).map((destination) => ({
      family,
      version,
      vrid: instance.vrid,
      intervalMs: receive.intervalMs,
      addresses: receive.addresses,
      source,
      destination,
      unicast,
      ttl,
      authentication: receive.authentication,
      hmac: receive.hmac,
      checksum: sentChecksum(instance),
    })),
  };
}

function destinationsOf({ transport }: VrrpInstance): Wire['link']['to'] | undefined {
  switch (transport.by) {
    case 'multicast':
      return { group: transport.group };
    case 'unicast':
      return { peers: transport.peers.map(({ address }) => address) };
    case 'nobody':
      return undefined;
  }
}

/** Whether a channel that is open can stay. */
export const sameWire = (a: Wire | undefined, b: Wire | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && JSON.stringify(plain(a)) === JSON.stringify(plain(b)));

/** Keys are maps and bytes. */
const plain = (wire: Wire): unknown => ({
  ...wire,
  receive: { ...wire.receive, hmac: plainHmac(wire.receive.hmac) },
  send: wire.send.map((one) => ({ ...one, hmac: plainHmac(one.hmac) })),
});
const plainHmac = (hmac: HmacSettings | undefined): unknown => hmac && { ...hmac, keys: [...hmac.keys] };
