import { addressBytes } from '../model/address.js';
import { DEFAULT_TABLE_SIZE, defaultHashFields, type HashField } from '../model/engine.js';
import { take } from './maglev.js';
import { type Candidate, type Flow, isAvailable, type Scheduler, type SchedulerSettings } from './scheduler.js';

/** fields_hash.h kHashKeys: the first digits of pi's fraction. */
const keys = [
  0x243f_6a88_85a3_08d3n,
  0x1319_8a2e_0370_7344n,
  0xa409_3822_299f_31d0n,
  0x082e_fa98_ec4e_6c89n,
  0x4528_21e6_38d0_1377n,
  0xbe54_66cf_34e9_0c6cn,
] as const;
const WORD = (1n << 64n) - 1n;
const HALF = (1n << 32n) - 1n;

/** Both halves of the 128-bit product, one over the other. */
function multiplyFold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & WORD) ^ (product >> 64n);
}

/** The sixteen bytes as two words, as a little-endian machine reads them; IPv4 is ::ffff:a.b.c.d. */
function wordsOf(address: string): readonly [high: bigint, low: bigint] {
  const bytes = addressBytes(address);
  const whole = new Uint8Array(16);
  if (bytes.length === 4) whole.fill(0xff, 10, 12);
  whole.set(bytes, 16 - bytes.length);
  const view = new DataView(whole.buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

const macWord = (mac: string): bigint =>
  mac.split(':').reduceRight((word, byte) => (word << 8n) | BigInt(`0x${byte}`), 0n);

const TCP = 6;

/** fields_hash of native/engine/fields_hash.h: the fields that a service chose, and the protocol. */
export function fieldsHash(fields: readonly HashField[], { client, virtual, protocol = TCP, macs }: Flow): bigint {
  const has = (field: HashField): boolean => fields.includes(field);
  const [sourceHigh, sourceLow] = has('ip_src') ? wordsOf(client.address) : [0n, 0n];
  const [virtualHigh, virtualLow] = has('ip_dst') ? wordsOf(virtual.address) : [0n, 0n];
  let rest = BigInt(protocol);
  if (has('tp_src')) rest |= BigInt(client.port) << 16n;
  if (has('tp_dst')) rest |= BigInt(virtual.port) << 32n;

  let hash =
    multiplyFold(sourceHigh ^ keys[0], sourceLow ^ keys[1]) ^ multiplyFold(virtualHigh ^ keys[2], virtualLow ^ keys[3]);
  if (macs !== undefined && (has('eth_src') || has('eth_dst'))) {
    const destination = has('eth_dst') ? macWord(macs.destination) : 0n;
    const source = has('eth_src') ? macWord(macs.source) : 0n;
    hash = multiplyFold(hash ^ destination, source ^ keys[5]);
  }
  return multiplyFold(hash ^ rest, keys[4]);
}

/** A place in a table of `size`, by the lower half of a hash. */
const slotOf = (hash: bigint, size: number): number => Number(((hash & HALF) * BigInt(size)) >> 32n);

interface Walk {
  readonly offset: number;
  readonly skip: number;
}

/** Where a candidate's walk begins and how far it steps: so that it comes to every slot, with a prime any step, with a power of two an odd one. */
function walkOf({ key: { address, port } }: Candidate, size: number): Walk {
  const [high, low] = wordsOf(address);
  const hash = multiplyFold(multiplyFold(high ^ keys[5], low ^ keys[4]) ^ BigInt(port), keys[2]);
  const skip = (size & (size - 1)) === 0 ? 2 * slotOf(hash >> 32n, size >> 1) + 1 : slotOf(hash >> 32n, size - 1) + 1;
  return { offset: slotOf(hash, size), skip };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, i) => byte !== b[i]);
  return different < 0 ? 0 : a[different]! - b[different]!;
}

/** Sixteen bytes, as they are compared. */
function ordinal(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, wordsOf(address)[0], true);
  new DataView(bytes.buffer).setBigUint64(8, wordsOf(address)[1], true);
  return bytes;
}

/** A candidate with weight, its place in the list, and the weight that counts. */
interface Member {
  readonly candidate: Candidate;
  readonly place: number;
  readonly weight: bigint;
}

/** Heaviest first, then by address and port: the order of the list does not matter. Nobody weighs less than a slot. */
function inOrder(candidates: readonly Candidate[], size: number): readonly Member[] {
  const weighty = candidates.flatMap((candidate, place) => (candidate.weight > 0 ? [{ candidate, place }] : []));
  const sum = weighty.reduce((all, { candidate }) => all + BigInt(candidate.weight), 0n);
  const least = (sum + BigInt(size) - 1n) / BigInt(size);
  return weighty
    .map(({ candidate, place }) => {
      const weight = BigInt(candidate.weight);
      return { candidate, place, weight: weight < least ? least : weight };
    })
    .sort((a, b) => {
      if (a.weight !== b.weight) return a.weight > b.weight ? -1 : 1;
      const [one, other] = [a.candidate.key, b.candidate.key];
      return compareBytes(ordinal(one.address), ordinal(other.address)) || one.port - other.port;
    });
}

/**
 * Who is next: each is due for its k-th slot at (2k + 1) / (2 × weight), in fixed point; of those due together the heaviest first, then by
 * address. With equal weights that is round after round.
 */
function* byDueTime(members: readonly Member[], size: number): Iterable<number> {
  const steps = members.map(({ weight }) => (1n << 61n) / (BigInt(size) * weight));
  const due = steps.map((step) => step / 2n);
  for (;;) {
    let first = 0;
    for (let i = 1; i < due.length; i++) if (due[i]! < due[first]!) first = i;
    due[first]! += steps[first]!;
    yield first;
  }
}

/** Slot → place in the list; empty if nobody has weight. The readable twin of native/engine/maglev.cc. */
export function maglevTable(candidates: readonly Candidate[], size: number): Int32Array {
  const members = inOrder(candidates, size);
  if (members.length === 0) return new Int32Array(0);
  const table = take(
    members.map(({ candidate }) => walkOf(candidate, size)),
    size,
    byDueTime(members, size),
  );
  return table.map((member) => members[member]!.place);
}

function choose(
  { hashFields = defaultHashFields }: SchedulerSettings,
  candidates: readonly Candidate[],
  table: Int32Array,
  flow: Flow,
): number | undefined {
  if (table.length === 0) return undefined;
  const slot = slotOf(fieldsHash(hashFields, flow), table.length);
  for (let step = 0; step < table.length; step++) {
    const place = table[(slot + step) % table.length]!;
    if (isAvailable(candidates[place]!)) return place;
  }
  return undefined;
}

/**
 * Our engine's own: a Maglev table over fields of the flow that the service chose. A server at its upper threshold is passed over, slot
 * after slot, so that its flows spread over all the others. No secret is in it: every director comes to the same server.
 */
export const maglevEngine: Scheduler<Int32Array> = {
  prepare: ({ tableSize = DEFAULT_TABLE_SIZE }, candidates) => maglevTable(candidates, tableSize),
  choose: (settings, candidates, table, flow) => ({ index: choose(settings, candidates, table, flow), state: table }),
  slot: ({ hashFields = defaultHashFields }, table, flow) =>
    table.length === 0 ? undefined : { slot: slotOf(fieldsHash(hashFields, flow), table.length), slots: table.length },
};
