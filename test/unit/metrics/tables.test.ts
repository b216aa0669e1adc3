/** What grows with the table, and its limit. */
import fc from 'fast-check';
import t from 'tap';
import { bounded, type ServiceState, tableText } from '../../../src/metrics/tables.js';
import type { CountedService } from '../../../src/model/counted.js';
import type { Statistics } from '../../../src/model/statistics.js';
import { serviceName } from '../../../src/model/service.js';

const statistics = (n: number): Statistics => ({
  ...{ connections: BigInt(n), inPackets: BigInt(n + 1), outPackets: BigInt(n + 2) },
  ...{ inBytes: BigInt(n + 3), outBytes: BigInt(n + 4) },
  ...{ connectionRate: 0n, inPacketRate: 0n, outPacketRate: 0n, inByteRate: 0n, outByteRate: 0n },
});

const service = (n: number, destinations: number): CountedService => ({
  key: { by: 'address', protocol: 'tcp', address: `192.0.2.${n}`, port: 80 },
  engine: 'kernel',
  statistics: statistics(100 * n),
  destinations: Array.from({ length: destinations }, (_, i) => ({
    key: { address: `10.0.${n}.${i + 1}`, port: 8080 },
    statistics: statistics(100 * n + 10 * i),
    active: i,
    inactive: 2 * i,
    persistent: 0,
  })),
});

const stateOf = ({ key, destinations }: CountedService): ServiceState => ({
  name: serviceName(key),
  virtualServer: '192.0.2.1 80',
  engine: 'kernel',
  scheduler: 'wlc',
  destinations: destinations.map(({ key: { address, port } }, i) => ({
    name: `${address}:${port}`,
    isUp: i === 0,
    weight: i === 0 ? 3 : undefined,
  })),
});

const tablesOf = (...sizes: readonly number[]) => {
  const counted = sizes.map((size, n) => service(n + 1, size));
  return { counted, states: counted.map(stateOf) };
};
const linesOf = (tables: ReturnType<typeof tablesOf>, most: number): readonly string[] =>
  [...tableText(bounded(tables, most), 'prometheus')]
    .join('')
    .split('\n')
    .filter((line) => line !== '');
const samplesOf = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith('#'));

t.test('every service and destination by its name, each family in one piece', (t) => {
  const lines = linesOf(tablesOf(2, 1), 1000);
  const first = 'service="tcp 192.0.2.1:80"';
  for (const line of [
    `lvsd_service_info{${first},virtual_server="192.0.2.1 80",engine="kernel",scheduler="wlc"} 1`,
    `lvsd_service_connections_total{${first}} 100`,
    `lvsd_service_out_bytes_total{service="tcp 192.0.2.2:80"} 204`,
    `lvsd_destination_connections_total{${first},destination="10.0.1.2:8080"} 110`,
    `lvsd_destination_inactive_connections{${first},destination="10.0.1.2:8080"} 2`,
    `lvsd_destination_weight{${first},destination="10.0.1.1:8080"} 3`,
    `lvsd_destination_up{${first},destination="10.0.1.2:8080"} 0`,
  ])
    t.ok(lines.includes(line), line);
  t.notOk(
    lines.some((line) => line.startsWith(`lvsd_destination_weight{${first},destination="10.0.1.2`)),
    'one that is in no table has no weight',
  );
  const names = samplesOf(lines).map((line) => line.split('{')[0]!);
  const runs = names.filter((name, i) => name !== names[i - 1]);
  t.equal(runs.length, new Set(names).size, 'no family stands in two places');
  for (const name of new Set(names))
    t.ok(
      lines.some((line) => line.startsWith(`# TYPE ${name} `)),
      name,
    );
  t.end();
});

t.test('names that come from outside cannot break a line', (t) => {
  const state = { ...stateOf(service(1, 1)), name: 'a"b\\c\nd' };
  const lines = [...tableText(bounded({ counted: [], states: [state] }, 100), 'prometheus')].join('');
  t.match(lines, 'lvsd_destination_up{service="a\\"b\\\\c\\nd",destination="10.0.1.1:8080"} 1\n');
  t.end();
});

t.test('the limit: services first, of their destinations all or none, and what is left out is counted', (t) => {
  const tables = tablesOf(3, 1, 2);
  const all = samplesOf(linesOf(tables, 1000)).length + 3; // three destinations have no weight
  t.equal(bounded(tables, 1000).leftOut, 0);
  t.equal(all, 3 + 3 * 5 + 6 * 2 + 6 * 7);
  const tight = bounded(tables, 18 + 12 + 7);
  t.same(tight.destinations.labels, ['{service="tcp 192.0.2.2:80",destination="10.0.2.1:8080"}']);
  t.equal(tight.leftOut, 5 * 7);
  t.equal(bounded(tables, 0).leftOut, all);
  t.same(samplesOf(linesOf(tables, 0)), []);
  t.end();
});

t.test('whatever the table and the limit: never more, and nothing is lost from the count', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 8 }), fc.nat(400), (sizes, most) => {
      const tables = tablesOf(...sizes);
      const all = bounded(tables, 1e9);
      const some = bounded(tables, most);
      const seriesOf = ({ infos, services, states, destinations }: typeof all): number =>
        infos.length + 5 * services.rows.length + 2 * states.rows.length + 7 * destinations.rows.length;
      return seriesOf(some) <= most && seriesOf(some) + some.leftOut === seriesOf(all);
    }),
  );
  t.end();
});
