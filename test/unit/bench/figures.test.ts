import t from 'tap';
import { type Cost, judged } from '../../../bench/forward-verdict.js';
import { measuredOf, seriesOf, wantedOf } from '../../../bench/io-figures.js';

t.test('a line of run.sh', (t) => {
  const line =
    'native nat       offered   500000  sent 249990 in 0.500 s: 499980 pps | got 240000 p50 25 us p99 103 us most 900 us';
  t.same(measuredOf(line), { method: 'native nat', offered: 500_000, sent: 499_980, got: 480_000, p50: 25, p99: 103 });
  t.equal(measuredOf('something else'), undefined);
  t.end();
});

t.test('peak is the best rate, overload the last, latency the first; medians of the rounds', (t) => {
  const at = (method: string, offered: number, got: number, p50 = 20) => ({
    method,
    offered,
    sent: offered,
    got,
    p50,
    p99: 2 * p50,
  });
  const round = (scale: number) => [
    at('ip_forward', 20_000, 20_000),
    at('ip_forward', 4_000_000, 1_000_000 * scale),
    at('native direct', 4_000_000, 200_000 * scale),
    at('native direct', 20_000, 20_000, 30 * scale),
    at('native direct', 1_000_000, 500_000 * scale),
  ];
  const series = seriesOf([round(1), round(3), round(2)]);
  t.same(series[1], { method: 'native direct', peak: 1_000_000, overload: 400_000, p50: 60, p99: 120 });
  const wanted = wantedOf(series, true);
  t.same(wanted[0], { what: 'native direct to ip_forward', is: '0.50 ×', wanted: '≥ 0.5 ×' });
  t.ok(wanted.some(({ what, is }) => what.includes('overload') && is === '0.40'));
  t.same(wantedOf(series, false), [{ what: 'native direct to ip_forward', is: '0.50 ×', wanted: '≥ 0.9 ×' }]);
  t.end();
});

t.test('what forwarding costs against what was wanted', (t) => {
  const cost = (method: string, flows: number, servers: number, medianNs: number, services = 1): Cost => ({
    method,
    flows,
    servers,
    services,
    medianNs,
    leastNs: medianNs,
    mostNs: medianNs,
    cycles: medianNs * 2.6,
    allForwarded: true,
  });
  const verdicts = judged([
    cost('GRE4', 1, 2, 20),
    cost('GRE4', 1, 1000, 22),
    cost('GRE4', 1_000_000, 2, 40),
    cost('NAT4', 1, 2, 30),
    cost('GRE4', 10_000, 100, 99, 10),
  ]);
  t.same(verdicts, [
    { what: 'GRE4, up to 10,000 flows', is: '22.0 ns, 57 cycles', wanted: '≤ 25 ns, 65 cycles' },
    { what: 'GRE4, 1,000,000 flows', is: '40.0 ns, 104 cycles', wanted: '≤ 40 ns, 104 cycles' },
    { what: 'NAT4 to GRE4, worst', is: '1.50 ×', wanted: '≤ 1.5 ×' },
    { what: '2 to 1,000 servers, worst', is: '10 %', wanted: '< 15 %' },
  ]);
  t.end();
});
