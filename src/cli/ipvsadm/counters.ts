import type { Statistics } from '../../model/statistics.js';

type Cell = (value: bigint) => string;

const LOW_32 = 0xffff_ffffn;
const NOTHING = '        0';

const plain: Cell = (value) => (value === 0n ? NOTHING : ` ${String(value).padStart(8)}`);
const lettered = (value: bigint, unit: bigint, letter: string): string => String(value / unit).padStart(8) + letter;

/** Nine columns: up to eight digits as they are, then cut (not rounded) to K, M, G, T. */
const scaled: Cell = (value) => {
  if (value < 100_000_000n) return plain(value);
  if (value < 1_000_000_000n) return lettered(value, 1_000n, 'K');
  if (value < 100_000_000_000n) return lettered(value, 1_000_000n, 'M');
  if (value < 100_000_000_000_000n) return lettered(value, 1_000_000_000n, 'G');
  return lettered(value, 1_000_000_000_000n, 'T');
};

/**
 * The five columns behind a name. Of servers the original reads everything but the totals of bytes through 32 bits, and prints
 * their rates of connections and packets unscaled; so do we.
 */
export type CounterCells = (statistics: Statistics) => string;

export function counterCells(view: 'stats' | 'rate', of: 'service' | 'server', exact: boolean): CounterCells {
  const cell = exact ? plain : scaled;
  const low: Cell = of === 'server' ? (value) => cell(value & LOW_32) : cell;
  const lowPlain: Cell = of === 'server' ? (value) => plain(value & LOW_32) : cell;
  return view === 'stats'
    ? (s) => low(s.connections) + low(s.inPackets) + low(s.outPackets) + cell(s.inBytes) + cell(s.outBytes)
    : (s) =>
        lowPlain(s.connectionRate) +
        lowPlain(s.inPacketRate) +
        lowPlain(s.outPacketRate) +
        low(s.inByteRate) +
        low(s.outByteRate);
}
