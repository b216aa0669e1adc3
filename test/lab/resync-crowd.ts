/** Connections as another director might have them, made for the kernel's backup daemon: thousands are too many to be opened by clients. */
import { connectionFlag, ipProtocol, isActive } from '../../src/connsync/kernel-words.js';
import type { SyncConnection } from '../../src/connsync/message.js';
import { addressBytes } from '../../src/model/address.js';

/** `tcp`: established ones of one service; `mixed`: all protocols, states, families and kinds of templates. */
export type CrowdKind = 'tcp' | 'mixed';

export const crowdVip = '10.1.0.100';
export const crowdVip6 = 'fd00:1::100';
export const crowdServer = '10.2.0.11';
export const crowdServer6 = 'fd00:2::11';
export const crowdMark = 7;

const TCP_STATES = 11;
const SCTP_STATES = 14;

const base = {
  flags: 0,
  state: 0,
  mark: 0,
  timeoutSeconds: 600,
  virtual: addressBytes(crowdVip),
  destination: addressBytes(crowdServer),
} as const;

/** Of 172.16.0.0/12: as many as there are ports. */
const addressOf = (i: number): Uint8Array => {
  const host = Math.floor(i / 60_000);
  return Uint8Array.of(172, 16, host >> 8, host & 0xff);
};
const portOf = (i: number): number => 1024 + (i % 60_000);
const client = (i: number): Pick<SyncConnection, 'client' | 'clientPort'> => ({
  client: addressOf(i),
  clientPort: portOf(i),
});

function clientOf6(i: number): Uint8Array {
  const bytes = addressBytes('2001:db8::1').slice();
  bytes[12] = i >>> 24;
  bytes[13] = i >>> 16;
  bytes[14] = i >>> 8;
  bytes[15] = i;
  return bytes;
}

/** A client of its own for each. */
const host = (i: number): Uint8Array => Uint8Array.of(172, 20 + (i >>> 16), i >>> 8, i);

/** Word by word: a million of them are made, and copying `base` takes longer than all the rest. */
const established = (i: number): SyncConnection => ({
  protocol: ipProtocol.tcp,
  flags: 0,
  state: 1,
  clientPort: portOf(i),
  virtualPort: 80,
  destinationPort: 80,
  mark: 0,
  timeoutSeconds: base.timeoutSeconds,
  client: addressOf(i),
  virtual: base.virtual,
  destination: base.destination,
});

const template = { flags: connectionFlag.template, state: 1, clientPort: 0 } as const;

const makers: readonly ((i: number) => SyncConnection)[] = [
  established,
  (i) => {
    const state = i % TCP_STATES;
    const flags = isActive(ipProtocol.tcp, state) ? 0 : connectionFlag.inactive;
    return { ...established(i), state, flags, timeoutSeconds: 100 + (i % 500) };
  },
  (i) => ({
    ...base,
    ...client(i),
    flags: connectionFlag.inactive,
    protocol: ipProtocol.udp,
    virtualPort: 53,
    destinationPort: 53,
  }),
  (i) => {
    const state = (i >>> 3) % SCTP_STATES;
    const flags = isActive(ipProtocol.sctp, state) ? 0 : connectionFlag.inactive;
    return { ...base, ...client(i), protocol: ipProtocol.sctp, state, flags, virtualPort: 80, destinationPort: 80 };
  },
  (i) => ({
    ...established(i),
    client: clientOf6(i),
    virtual: addressBytes(crowdVip6),
    destination: addressBytes(crowdServer6),
  }),
  // a client that is kept at its server
  (i) => ({ ...established(i), ...template, client: host(i), timeoutSeconds: 300 }),
  // the same by a firewall mark
  (i) => ({
    ...base,
    ...template,
    protocol: ipProtocol.ip,
    client: host(i),
    virtual: Uint8Array.of(0, 0, 0, crowdMark),
    virtualPort: 0,
    destinationPort: 0,
    mark: crowdMark,
    timeoutSeconds: 300,
  }),
  // and by what its SIP calls say
  (i) => ({
    ...base,
    ...template,
    protocol: ipProtocol.udp,
    client: host(i),
    virtualPort: 5060,
    destinationPort: 5060,
    timeoutSeconds: 300,
    persistence: { engine: 'sip', data: Buffer.from(`call ${i} of @example`, 'latin1') },
  }),
];

export function* crowd(count: number, kind: CrowdKind): Generator<SyncConnection> {
  for (let i = 0; i < count; i++) {
    const make = kind === 'tcp' ? established : (makers[i % makers.length] ?? established);
    yield make(i);
  }
}
