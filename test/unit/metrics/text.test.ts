/** The two formats, byte by byte. */
import t from 'tap';
import { formatFor } from '../../../src/metrics/accept.js';
import { families, type FamilyName } from '../../../src/metrics/families.js';
import { Histogram } from '../../../src/metrics/histogram.js';
import { LoopDelay } from '../../../src/metrics/loop-delay.js';
import { Samples } from '../../../src/metrics/samples.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { sampleName } from '../../../src/metrics/text.js';

const text = (samples: Samples, format: 'prometheus' | 'openmetrics'): string => [...samples.text(format)].join('');

t.test('a counter, a gauge, what names something, and labels of any text', (t) => {
  const samples = new Samples();
  samples.add('events', 3, { event: 'health.verdict' });
  samples.add('events', 2n ** 60n, { event: 'odd "\\\n' });
  samples.add('services', 2);
  samples.add('config', 1, { fingerprint: 'f00d' });
  samples.add('cpu_seconds', 1.5);
  t.equal(samples.count, 5);
  t.equal(
    text(samples, 'prometheus'),
    `# HELP lvsd_services Services in force.
# TYPE lvsd_services gauge
lvsd_services 2
# HELP lvsd_config_info Fingerprint of the files in force.
# TYPE lvsd_config_info gauge
lvsd_config_info{fingerprint="f00d"} 1
# HELP lvsd_events_total Events of the log from level info on (docs/operating.md).
# TYPE lvsd_events_total counter
lvsd_events_total{event="health.verdict"} 3
lvsd_events_total{event="odd \\"\\\\\\n"} 1152921504606846976
# HELP lvsd_cpu_seconds_total Processor time of lvsd run.
# TYPE lvsd_cpu_seconds_total counter
lvsd_cpu_seconds_total 1.5
`,
  );
  t.equal(
    text(samples, 'openmetrics'),
    `# HELP lvsd_services Services in force.
# TYPE lvsd_services gauge
lvsd_services 2
# HELP lvsd_config Fingerprint of the files in force.
# TYPE lvsd_config info
lvsd_config_info{fingerprint="f00d"} 1
# HELP lvsd_events Events of the log from level info on (docs/operating.md).
# TYPE lvsd_events counter
lvsd_events_total{event="health.verdict"} 3
lvsd_events_total{event="odd \\"\\\\\\n"} 1152921504606846976
# HELP lvsd_cpu_seconds Processor time of lvsd run.
# TYPE lvsd_cpu_seconds counter
# UNIT lvsd_cpu_seconds seconds
lvsd_cpu_seconds_total 1.5
`,
  );
  t.end();
});

t.test('a histogram counts up and is never begun anew', (t) => {
  const histogram = new Histogram();
  for (const seconds of [0.0005, 0.001, 0.03, 99, -1]) histogram.record(seconds);
  const samples = new Samples();
  samples.addHistogram('event_loop_delay_seconds', histogram);
  const own = 'lvsd_event_loop_delay_seconds';
  const lines = text(samples, 'openmetrics').split('\n');
  t.match(lines, [
    /HELP/,
    `# TYPE ${own} histogram`,
    `# UNIT ${own} seconds`,
    `${own}_bucket{le="0.001"} 3`,
    `${own}_bucket{le="0.005"} 3`,
    `${own}_bucket{le="0.01"} 3`,
    `${own}_bucket{le="0.02"} 3`,
    `${own}_bucket{le="0.05"} 4`,
  ]);
  t.ok(lines.includes(`${own}_bucket{le="1.0"} 4`));
  t.ok(lines.includes(`${own}_bucket{le="+Inf"} 5`));
  t.ok(lines.includes(`${own}_count 5`));
  t.match(
    lines.find((line) => line.startsWith(`${own}_sum`)),
    / 99\.03\d*$/,
  );
  t.end();
});

t.test('the names keep the rules of both formats', (t) => {
  for (const name of Object.keys(families) as FamilyName[]) {
    const {
      type,
      help,
      unit,
      labels = [],
    }: { type: string; help: string; unit?: string; labels?: readonly string[] } = families[name];
    t.match(name, /^[a-z][a-z_]*[a-z]$/, name);
    t.notMatch(name, /_(total|info|bucket|count|sum)$/, `${name}: its suffix comes with its type`);
    t.match(help, /^[A-Z].*\.$/, name);
    if (unit !== undefined) t.ok(name.endsWith(`_${unit}`), `${name} ends with its unit`);
    else t.notMatch(name, /_(seconds|bytes)$/, name);
    for (const label of labels) t.match(label, /^[a-z][a-z_]*$/, `${name} ${label}`);
    if (type === 'counter') t.equal(sampleName(name), `lvsd_${name}_total`);
  }
  t.end();
});

t.test('which format: OpenMetrics for who names it and likes it no less', (t) => {
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  for (const [accept, format] of [
    [undefined, 'prometheus'],
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    [prometheus3, 'openmetrics'],
    ['text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.5', 'prometheus'],
    ['application/openmetrics-text; q=0', 'prometheus'],
    ['application/openmetrics-text; q=x', 'prometheus'],
    ['Application/OpenMetrics-Text', 'openmetrics'],
  ] as const)
    t.equal(formatFor(accept), format, accept ?? 'none');
  t.end();
});

t.test('the delay of the loop is looked at from the first reader on', (t) => {
  const clock = new FakeClock();
  const delay = new LoopDelay(clock);
  t.equal(clock.pending, 0, 'nobody reads: it sleeps');
  t.equal(delay.histogram.counted.count, 0);
  clock.advance(1000);
  t.equal(delay.histogram.counted.count, 10);
  t.equal(delay.histogram.counted.sum, 0);
  t.equal(clock.pending, 1);
  delay.stop();
  t.equal(clock.pending, 0);
  t.end();
});
