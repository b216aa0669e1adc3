/** Packets as a raw socket hands them over, and settings that take them. */
import { addressBytes, familyOf } from '../../../src/model/address.js';
import type { HeardAdvert } from '../../../src/vrrp/ports.js';
import type { ReceiveSettings } from '../../../src/vrrp/receive.js';
import { GROUP4, GROUP6 } from '../../../src/vrrp/rfc.js';
import type { SendSettings } from '../../../src/vrrp/send.js';

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/[\s|]/g, ''), 'hex'));
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Packet {
  readonly source?: string;
  readonly destination?: string;
  readonly ttl?: number;
  readonly protocol?: number;
  readonly identification?: number;
}

/** A packet from 192.0.2.2 (or fe80::2) to the group. */
export function heard(payload: Uint8Array, packet: Packet = {}): HeardAdvert {
  const { source = '192.0.2.2', ttl = 255, protocol = 112, identification = 0 } = packet;
  const { destination = familyOf(source) === 'ip4' ? GROUP4 : GROUP6 } = packet;
  const length = 20 + payload.length;
  const ipHeader =
    familyOf(source) === 'ip6'
      ? new Uint8Array(0)
      : Uint8Array.of(
          ...[0x45, 0xc0, length >> 8, length & 0xff, identification >> 8, identification & 0xff, 0x40, 0],
          ...[ttl, protocol, 0xab, 0xcd, ...addressBytes(source), ...addressBytes(destination)],
        );
  return { ipHeader, payload, source, destination, ttl, atMs: 0 };
}

/** Version 3, VRID 51, 1 s, 192.0.2.50, multicast. */
export const receiver: ReceiveSettings = {
  family: 'ip4',
  version: 3,
  vrid: 51,
  intervalMs: 1000,
  addresses: ['192.0.2.50'],
  ownSources: ['192.0.2.1'],
  senders: { by: 'multicast', group: GROUP4 },
  authentication: { by: 'none' },
  hmac: undefined,
  checksums: ['pseudo', 'plain', 'old-unicast'],
  ignoresAll: false,
};

/** Its partner. */
export const sender: SendSettings = {
  family: 'ip4',
  version: 3,
  vrid: 51,
  intervalMs: 1000,
  addresses: ['192.0.2.50'],
  source: '192.0.2.2',
  destination: GROUP4,
  unicast: false,
  ttl: 255,
  authentication: { by: 'none' },
  hmac: undefined,
  checksum: { form: 'pseudo', follows: true },
};

export const receiver6: ReceiveSettings = {
  ...receiver,
  family: 'ip6',
  addresses: ['fe80::50', '2001:db8::50'],
  ownSources: ['fe80::1'],
  senders: { by: 'multicast', group: GROUP6 },
};

export const sender6: SendSettings = {
  ...sender,
  family: 'ip6',
  addresses: ['fe80::50', '2001:db8::50'],
  source: 'fe80::2',
  destination: GROUP6,
};
