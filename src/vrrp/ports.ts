/**
 * vrrp/ — who holds the virtual addresses: adverts in and out, elections, what a master keeps on the machine.
 * codec: advert.ts, ah.ts, hmac.ts, announce.ts · rules: receive.ts, machine.ts, priority.ts, sync-group.ts · owners: instance.ts, router.ts
 *
 * This file is what it needs of the world. Moments are milliseconds of CLOCK_MONOTONIC with a fraction, so that an arrival that the kernel
 * stamped, a deadline of the sending thread and a timer can be compared.
 */
import type { Family } from '../model/address.js';
import type { Cancel } from '../system/clock.js';

/** A clock whose `now` is CLOCK_MONOTONIC and whose timers keep fractions of a millisecond. */
export interface AdvertClock {
  now(): number;
  after(ms: number, run: () => void): Cancel;
  /** Milliseconds since 1970 for a monotonic moment: signed adverts carry it. */
  wallMs(atMs: number): number;
}

/** Where adverts of one instance travel. Instances that differ in nothing share a socket. */
export interface AdvertLink {
  readonly family: Family;
  /** 112, or 51 where the authentication header is in front of the advert. */
  readonly protocol: 112 | 51;
  /** Where they are heard; undefined: on whichever interface has `source` (unicast only). */
  readonly interface: string | undefined;
  /** Where they leave: the interface above (a VMAC), or the same. */
  readonly sendInterface: string | undefined;
  /** Address that ours come from. */
  readonly source: string;
  /** A multicast group that is joined, or peers. */
  readonly to: { readonly group: string } | { readonly peers: readonly string[] };
  /** TTL or hop limit of ours. */
  readonly ttl: number;
  /** SO_RCVBUF; undefined: the system's. */
  readonly receiveBufferBytes: number | undefined;
}

/** One packet of the protocol as it came, good or bad; of an IPv6 one the kernel has not looked at the checksum. Bytes are valid during the call only. */
export interface HeardAdvert {
  /** IPv4: the header as it was on the wire (the authentication header signs it). IPv6: empty. */
  readonly ipHeader: Uint8Array;
  /** What is behind the IP header. */
  readonly payload: Uint8Array;
  readonly source: string;
  readonly destination: string;
  /** TTL or hop limit as it came. */
  readonly ttl: number;
  /** When the kernel received it. */
  readonly atMs: number;
}

/**
 * An advert without its IP header: the same for every destination, or one for each peer in the order of `to.peers`, where the IPv4 pseudo
 * header or the authentication header makes them differ.
 *
 * The IPv4 header that goes in front: 20 bytes, TOS 0xc0, flags and fragment offset 0, the link's TTL, protocol and source. Its identification
 * is the kernel's; with protocol 51, whose ICV covers it, the low 16 bits of the sequence number, or 1 if these are 0.
 * Over IPv6 the kernel fills in the checksum at offset 6, which covers everything behind the IP header.
 */
export type AdvertMessage = Uint8Array | readonly Uint8Array[];

/**
 * What the sending thread sends by itself: message `i` at firstAtMs + i × everyMs; the last one again and again, if `repeats`.
 * Of moments that have passed already, the latest is made up for and no other.
 */
export interface AdvertPlan {
  /** One is enough where adverts are all alike. */
  readonly messages: readonly AdvertMessage[];
  readonly firstAtMs: number;
  readonly everyMs: number;
  readonly repeats: boolean;
  /** A moment that is served so late, or later, ends the plan instead: nothing is better than a late word. undefined: late is better than nothing. */
  readonly silentIfLateMs?: number | undefined;
}

/** Packets with just this payload, source and at least this TTL are known to be good: the thread notes them, and they are not told. */
export interface ExpectedAdvert {
  readonly payload: Uint8Array;
  readonly source: string;
  readonly leastTtl: number;
  /** When one came last. */
  readonly sinceMs: number;
  /** So long after the last one the listener is told that there is silence: once, until another one comes. */
  readonly patienceMs: number;
  /** Whatever else comes on these sockets may be told so much later: what comes often is heard by the handful. */
  readonly leewayMs: number;
}

/** Adverts of one instance. */
export interface AdvertChannel {
  /** Replaces the plan before. Sent by a thread of its own, on absolute moments, whatever JavaScript does. */
  send(plan: AdvertPlan): void;
  /** At once, beside the plan. Returns when the kernel has it. @returns errno, 0: sent */
  sendNow(message: AdvertMessage): number;
  /** Nothing is sent by itself any more. */
  silence(): void;
  /** undefined: all packets are told. */
  expect(known: ExpectedAdvert | undefined): void;
  /** Expected packets since the channel was opened, and the arrival of the last one since `expect`. */
  readonly noted: { readonly count: number; readonly lastMs: number | undefined };
  /** Tells everything that has arrived until now, on all channels of the port, before it returns. */
  drain(): void;
  /** Adverts sent by plan, those that the kernel refused, and the last errno of these; since when the plan is silent because it was late. */
  readonly sent: {
    readonly count: number;
    readonly failed: number;
    readonly lastErrno: number;
    readonly mutedSinceMs: number | undefined;
  };
  /** Idempotent; nothing is told after it returns. */
  close(): void;
}

export interface AdvertPort {
  readonly clock: AdvertClock;
  /** Adverts of other VRIDs on the link are counted, not told. `silent`: what is expected did not come. @throws { code, errno, syscall } */
  open(link: AdvertLink, vrid: number, heard: (advert: HeardAdvert) => void, silent: () => void): AdvertChannel;
  /** Adverts for VRIDs that nobody opened; packets too short to have one; packets that were lost since nobody took them in time. */
  readonly strangers: { readonly unknownVrid: number; readonly unreadable: number; readonly lost: number };
  /** A frame on an interface, as it stands: gratuitous ARP, unsolicited neighbour advertisements. @returns errno, 0: sent */
  sendFrame(interfaceIndex: number, frame: Uint8Array): number;
  /**
   * Who says on an interface, unasked or to us, whose an address is: ARP answers and gratuitous requests from their first byte, unsolicited
   * neighbour advertisements from their ICMPv6 type (with the hop limit). Bytes are valid during the call only. @throws { code, errno, syscall }
   */
  hearNeighbours(interfaceName: string, family: Family, heard: (message: Uint8Array, hopLimit: number) => void): Cancel;
  close(): void;
}
