import { noStatistics, type Statistics } from '../model/statistics.js';
import { type Later, u32asBigint, u64 } from '../netlink/attributes.js';

/** enum of IPVS_STATS_ATTR_* as in IPVS_*_ATTR_STATS64 (since Linux 4.1): all 64 bits wide. */
export const statistics64Attrs = {
  connections: [1, u64],
  inPackets: [2, u64],
  outPackets: [3, u64],
  inBytes: [4, u64],
  outBytes: [5, u64],
  connectionRate: [6, u64],
  inPacketRate: [7, u64],
  outPacketRate: [8, u64],
  inByteRate: [9, u64],
  outByteRate: [10, u64],
} as const;

/** The same in IPVS_*_ATTR_STATS: 32 bits that wrap, but for the bytes. */
export const statisticsAttrs = {
  connections: [1, u32asBigint],
  inPackets: [2, u32asBigint],
  outPackets: [3, u32asBigint],
  inBytes: [4, u64],
  outBytes: [5, u64],
  connectionRate: [6, u32asBigint],
  inPacketRate: [7, u32asBigint],
  outPacketRate: [8, u32asBigint],
  inByteRate: [9, u32asBigint],
  outByteRate: [10, u32asBigint],
} as const;

/** The wide ones where the kernel has them; a counter that was not told is 0. */
export const readStatistics = (
  wide: Later<typeof statistics64Attrs> | undefined,
  narrow: Later<typeof statisticsAttrs> | undefined,
): Statistics => {
  const statistics = { ...noStatistics };
  (wide ?? narrow)?.decode(statistics);
  return statistics;
};
