import * as fc from 'fast-check';
import t from 'tap';
import { parseApplications, parseCpuStatistics, parseStatistics, parseStatus } from '../../../src/ipvs/proc-status.js';

// Recorded from Linux 7.2.7.
const statistics = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       2        7        6              17C              154

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0               11               10
`;
const perCpu = `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0        2        7        6              17C              154
  A        1        2        0               10                0
  ~        3        9        6              18C              154

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           0        0        0               11               10
`;
const status = `Conns:\t3
Conn buckets:\t256 (8 bits, lfactor -4)
Conn buckets empty:\t251 (98%)
Conn buckets len-1:\t5 (100%)
Services:\t40
Service buckets:\t32 (5 bits, lfactor -3)
Service buckets empty:\t29 (90%)
Service buckets len-1:\t2 (85%)
Service buckets len-2:\t1 (14%)
Stats thread slots:\t1 (max 4)
Stats chain max len:\t3958
Stats thread ests:\t9499200
`;

t.test('ip_vs_stats is hexadecimal', (t) => {
  t.strictSame(parseStatistics(statistics), {
    connections: 2n,
    inPackets: 7n,
    outPackets: 6n,
    inBytes: 0x17cn,
    outBytes: 0x154n,
    connectionRate: 0n,
    inPacketRate: 0n,
    outPacketRate: 0n,
    inByteRate: 0x11n,
    outByteRate: 0x10n,
  });
  t.equal(parseStatistics(statistics.replace('17C', 'FFFFFFFFFFFFFFFF'))?.inBytes, 0xffff_ffff_ffff_ffffn);
  t.end();
});

t.test('ip_vs_stats that is none', (t) => {
  t.equal(parseStatistics(''), undefined);
  t.equal(parseStatistics(statistics.replace('17C', '17G')), undefined);
  t.equal(parseStatistics(`${statistics}${statistics}`), undefined);
  t.end();
});

t.test('ip_vs_stats_percpu: CPU numbers are hexadecimal, too', (t) => {
  const read = parseCpuStatistics(perCpu);
  t.strictSame(
    read?.cpus.map(({ cpu, connections, inBytes }) => [cpu, connections, inBytes]),
    [
      [0, 2n, 0x17cn],
      [10, 1n, 0x10n],
    ],
  );
  t.equal(read?.sum.connections, 3n);
  t.equal(read?.sum.inByteRate, 0x11n);
  t.equal(parseCpuStatistics(statistics), undefined);
  t.end();
});

t.test('ip_vs_app', (t) => {
  const text = 'prot port    usecnt name\nTCP  21      0      ftp              \nTCP  99999   0      bad\nTCP\n';
  t.strictSame(parseApplications(text), [{ protocol: 'TCP', port: 21, users: 0, name: 'ftp' }]);
  t.end();
});

t.test('ip_vs_status', (t) => {
  t.strictSame(parseStatus(status), {
    connections: {
      entries: 3,
      buckets: 256,
      bits: 8,
      loadFactor: -4,
      emptyBuckets: 251,
      lengths: new Map([[1, 5]]),
    },
    services: {
      entries: 40,
      buckets: 32,
      bits: 5,
      loadFactor: -3,
      emptyBuckets: 29,
      lengths: new Map([
        [1, 2],
        [2, 1],
      ]),
    },
    estimators: { slots: 1, mostSlots: 4, longestChain: 3958, room: 9499200 },
  });
  t.equal(parseStatus(status.replace('lfactor -3', 'lfactor x')), undefined);
  t.equal(parseStatus(''), undefined);
  t.end();
});

t.test('any text is read without an exception', (t) => {
  const line = fc.oneof(fc.string(), fc.constantFrom(...`${statistics}${perCpu}${status}`.split('\n')));
  fc.assert(
    fc.property(fc.array(line), (list) => {
      const text = list.join('\n');
      parseStatistics(text);
      parseCpuStatistics(text);
      parseApplications(text);
      parseStatus(text);
    }),
  );
  t.end();
});
