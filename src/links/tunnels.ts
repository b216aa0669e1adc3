import { addressBytes, familyOf } from '../model/address.js';
import { encodeAttributes } from '../netlink/attributes.js';
import { Growing } from '../netlink/bytes.js';
import { greAttrs, ipTunnelAttrs } from './link-attrs.js';

/** A tunnel device to make. Without local and remote it takes packets from and to anybody, as the kernel's own tunl0 does. */
export interface Tunnel {
  readonly name: string;
  readonly kind: 'ipip' | 'sit' | 'ip6tnl' | 'gre' | 'ip6gre';
  readonly local?: string;
  readonly remote?: string;
  /** ip6tnl: what may be inside; the kernel's default is IPv6 alone. */
  readonly inner?: 'ip4' | 'ip6' | 'any';
  /** ipip and ip6tnl: an additional UDP header (what IPVS calls gue). */
  readonly udp?: { readonly type: 'fou' | 'gue'; readonly port: number };
  /** gre: checksums in both directions. */
  readonly checksum?: boolean;
  /** Addresses come with each packet (collect_md): one device for all peers. */
  readonly external?: boolean;
}

const innerProtocols = { ip4: 4, ip6: 41, any: 0 } as const;
/** enum tunnel_encap_types. */
const encapsulations = { fou: 1, gue: 2 } as const;
/** GRE_CSUM of <linux/if_tunnel.h>. */
const GRE_CSUM = 0x8000;

/** What stands in IFLA_INFO_DATA. */
export function tunnelData(tunnel: Tunnel): Uint8Array {
  const data = new Growing(128);
  const ends = {
    ...(tunnel.local === undefined ? {} : { local: addressBytes(tunnel.local) }),
    ...(tunnel.remote === undefined ? {} : { remote: addressBytes(tunnel.remote) }),
    ...(tunnel.external === true ? { external: true as const } : {}),
  };
  if (tunnel.kind === 'gre' || tunnel.kind === 'ip6gre') {
    const checksum = tunnel.checksum === true ? { inFlags: GRE_CSUM, outFlags: GRE_CSUM } : {};
    encodeAttributes(data, greAttrs, { ...ends, ...checksum });
  } else {
    encodeAttributes(data, ipTunnelAttrs, { ...ends, ...innerOf(tunnel), ...udpOf(tunnel) });
  }
  return data.written().slice();
}

function innerOf({ kind, inner }: Tunnel) {
  if (inner !== undefined) return { innerProtocol: innerProtocols[inner] };
  // without it the kernel makes an ip6tnl for both, which is a device other than its own ip6tnl0
  return kind === 'ip6tnl' ? { innerProtocol: innerProtocols.ip6 } : {};
}

const udpOf = ({ udp }: Tunnel) =>
  udp === undefined
    ? {}
    : { encapsulationType: encapsulations[udp.type], encapsulationFlags: 0, encapsulationPort: udp.port };

/** True if the ends, where given, are of the family that carries this kind. */
export function endsFit({ kind, local, remote }: Tunnel): boolean {
  const carrier = kind === 'ip6tnl' || kind === 'ip6gre' ? 'ip6' : 'ip4';
  return [local, remote].every((end) => end === undefined || familyOf(end) === carrier);
}
