/** What a scrape tells, how often it asks, and what it does when somebody does not answer. */
import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { LiveCounts } from '../../../src/daemon/live-counts.js';
import { Metrics, type MetricsOptions } from '../../../src/daemon/metrics.js';
import { Director } from '../../../src/director/director.js';
import { Journal } from '../../../src/events/journal.js';
import { EventStreams } from '../../../src/events/streams.js';
import type { ListedService } from '../../../src/ipvs/rows.js';
import type { Statistics } from '../../../src/model/statistics.js';
import { configurationOf } from '../../helpers/configuration.js';
import { site as file } from '../../helpers/fake-api.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const DOWN = 'tcp 192.0.2.1:80 -> 10.0.0.2:8080';

const statistics: Statistics = {
  ...{ connections: 12n, inPackets: 34n, outPackets: 5n, inBytes: 2n ** 60n, outBytes: 7n },
  ...{ connectionRate: 0n, inPacketRate: 0n, outPacketRate: 0n, inByteRate: 0n, outByteRate: 0n },
};

const never = new Promise<never>(() => undefined);

async function site(t: Test, more: Partial<MetricsOptions> = {}, extra = '') {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const kernel = new FakeKernel();
  const configuration = configurationOf(`${file}${extra}`);
  const director = new Director({
    ...{ forwarder: kernel, clock, log, state: new MemoryFile(), observeMs: 10_000, foreign: 'adopt' },
    isUp: (server) => server !== DOWN,
    weightOf: (_, configured) => configured,
    wallMs: () => 0,
    onQuorum: () => undefined,
  });
  await director.open();
  await director.configure(configuration);
  const dumps = { count: 0, broken: false };
  const rows = (): readonly ListedService[] =>
    [...kernel.table.values()].map(({ key, settings, destinations }) => ({
      ...{ key, settings, statistics },
      destinations: [...destinations.values()].map((one) => ({
        ...{ key: one.key, settings: one.settings, statistics },
        ...{ active: 3, inactive: 4, persistent: 0 },
      })),
    }));
  const counts = new LiveCounts({
    kernel: {
      async services() {
        dumps.count++;
        await settled();
        if (dumps.broken) throw new Error('EIO');
        return rows();
      },
    },
    engine: undefined,
    clock,
    wallMs: () => 0,
  });
  const journal = new Journal({ wallMs: () => 5000 });
  journal.open();
  const metrics = new Metrics({
    ...{ counts, director, journal, clock, log, wallMs: () => 1000 },
    watch: { totals: { up: 3, down: 1, attempts: 10, failures: 2 }, isUp: (server) => server !== DOWN },
    reload: { configuration, fingerprint: 'f00d' },
    engine: undefined,
    vrrp: undefined,
    sync: undefined,
    streams: new EventStreams(journal, clock),
    webhooks: () => [
      { name: 'pager', waiting: 2, delivered: 3, failed: 4, lost: 5, isUp: false, trouble: 'it answered 500' },
    ],
    netlinkErrors: () => ({ ipvs: { malformed: 0, unexpected: 1, overruns: 2 } }),
    ...more,
  });
  t.teardown(async () => {
    metrics.stop();
    await director.stop('keep');
  });
  const scrape = async (format: 'prometheus' | 'openmetrics' = 'prometheus'): Promise<string> =>
    [...(await metrics.scrape(format))].join('');
  return { clock, log, kernel, director, dumps, journal, metrics, scrape };
}

const SERVICE = 'service="tcp 192.0.2.1:80"';

t.test('services and servers by their names, also one that is down and has left the table', async (t) => {
  const { scrape } = await site(t);
  const text = await scrape();
  for (const line of [
    `lvsd_service_in_bytes_total{${SERVICE}} 1152921504606846976`,
    `lvsd_destination_active_connections{${SERVICE},destination="10.0.0.1:8080"} 3`,
    `lvsd_destination_up{${SERVICE},destination="10.0.0.1:8080"} 1`,
    `lvsd_destination_up{${SERVICE},destination="10.0.0.2:8080"} 0`,
    `lvsd_destination_weight{${SERVICE},destination="10.0.0.1:8080"} 3`,
    'lvsd_destination_up{service="udp [2001:db8::1]:53",destination="[2001:db8:1::1]:53"} 1',
    'lvsd_destination_up{service="fwmark 7",destination="10.0.0.3:0"} 1',
    'lvsd_virtual_server_quorum{virtual_server="tcp 192.0.2.1:80"} 1',
    'lvsd_services 3',
    'lvsd_checks{verdict="down"} 1',
    'lvsd_config_info{fingerprint="f00d"} 1',
    'lvsd_webhook_lost_total{webhook="pager"} 5',
    'lvsd_netlink_errors_total{socket="ipvs",kind="overruns"} 2',
    'lvsd_table_read_successful 1',
    'lvsd_series_left_out 0',
    'lvsd_config_last_reload_successful 1',
    'lvsd_config_last_reload_timestamp_seconds 1',
  ])
    t.ok(text.includes(`${line}\n`), line);
  t.notMatch(text, /lvsd_destination_weight\{[^}]*10\.0\.0\.2/);
  t.notMatch(text, /lvsd_vrrp_up|lvsd_pair|lvsd_engine/, 'what is not there is not told of');
});

t.test('one dump for each scrape, and those that come together share it', async (t) => {
  const { scrape, dumps, clock } = await site(t);
  await scrape();
  t.equal(dumps.count, 1);
  clock.advance(10);
  await Promise.all([scrape(), scrape(), scrape('openmetrics')]);
  t.equal(dumps.count, 2);
  clock.advance(10);
  await scrape();
  t.equal(dumps.count, 3, 'and none in between');
});

t.test('a kernel that does not answer: the rest is told', async (t) => {
  const { scrape, dumps } = await site(t);
  dumps.broken = true;
  const text = await scrape();
  t.match(text, /^lvsd_table_read_successful 0$/m);
  t.match(text, /^lvsd_checks\{verdict="up"\} 3$/m);
  t.match(text, /^lvsd_destination_up\{/m, 'also what does not come from the kernel');
  t.notMatch(text, /^lvsd_service_connections_total/m);
});

t.test('the limit: told in a metric, and once in the log', async (t) => {
  const { scrape, log } = await site(t, {}, 'metrics {\n  series 1000\n}\n');
  const many = Array.from({ length: 150 }, (_, n) => `  real_server 10.1.0.${n + 1} 80 {\n  }\n`).join('');
  t.match(await scrape(), /^lvsd_series_left_out 0$/m);
  const big = await site(
    t,
    {},
    `metrics {\n  series 1000\n}\nvirtual_server 192.0.2.9 80 {\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n${many}}\n`,
  );
  const [text, again] = [await big.scrape(), await big.scrape()];
  const [, leftOut = '0'] = /^lvsd_series_left_out (\d+)$/m.exec(text) ?? [];
  t.equal(Number(leftOut), 150 * 7);
  t.match(again, `lvsd_series_left_out ${leftOut}\n`);
  t.equal(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length <= 1000, true);
  t.match(
    text,
    /^lvsd_destination_up\{service="tcp 192\.0\.2\.9:80",destination="10\.1\.0\.150:80"\} 1$/m,
    'who is up goes first',
  );
  t.same(log.named('metrics.limited'), []);
  t.match(big.log.named('metrics.limited'), [{ series: 1000, leftOut: 1050, level: 'warn' }]);
});

t.test('destinations off: services alone', async (t) => {
  const { scrape } = await site(t, {}, 'metrics {\n  destinations off\n}\n');
  const text = await scrape();
  t.match(text, /^lvsd_service_connections_total\{/m);
  t.notMatch(text, /^lvsd_destination_/m);
  t.match(text, /^lvsd_series_left_out 0$/m);
});

t.test('events are counted by name, and reloads remembered', async (t) => {
  const { scrape, journal, metrics } = await site(t);
  for (const event of ['health.verdict', 'health.verdict', 'daemon.reload-refused']) journal.add('warn', { event });
  journal.flush();
  metrics.checkBegan(30);
  const text = await scrape();
  t.match(text, /^lvsd_events_total\{event="health\.verdict"\} 2$/m);
  t.match(text, /^lvsd_config_last_reload_successful 0$/m);
  t.match(text, /^lvsd_config_last_reload_timestamp_seconds 5$/m);
  t.match(text, /^lvsd_check_lateness_seconds_bucket\{le="0\.05"\} 1$/m);
  journal.add('info', { event: 'daemon.reloaded' });
  journal.flush();
  t.match(await scrape(), /^lvsd_config_last_reload_successful 1$/m);
});

const instance = (role: string) => ({
  ...{ name: 'V1', role, priority: 150, sent: { adverts: 3, refusedByKernel: 0 }, accepted: 2 },
  ...{ refused: { checksum: { adverts: 1, source: 'x', detail: null } }, addressesInUse: [] },
});

t.test('virtual routers and the pair; who does not answer in a second is away', async (t) => {
  const paired = `global_defs {
  pair_peer 10.99.0.2
  pair_key swordfishswordfish
}
vrrp_instance V1 {
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress {
    192.0.2.1/24
  }
}
`;
  const answering = {
    vrrp: {
      report: () => Promise.resolve({ instances: [instance('master')], groups: [] }),
      pair: () => Promise.resolve({ state: 'connected', differences: ['a'] }),
    },
    sync: {
      report: () =>
        Promise.resolve({
          ours: { peer: { is: 'away' }, connections: { is: 'done', lostMessages: 4 }, sessions: { takes: null } },
        }),
    },
  } as unknown as Partial<MetricsOptions>;
  const good = await site(t, answering, paired);
  const text = await good.scrape();
  for (const line of [
    'lvsd_vrrp_up 1',
    'lvsd_vrrp_role{router="V1",role="master"} 1',
    'lvsd_vrrp_role{router="V1",role="fault"} 0',
    'lvsd_vrrp_adverts_refused_total{router="V1",reason="checksum"} 1',
    'lvsd_pair_connected 1',
    'lvsd_pair_differences 1',
    'lvsd_sync_connected 0',
    'lvsd_sync_whole 1',
    'lvsd_sync_lost_messages_total 4',
  ])
    t.ok(text.includes(`${line}\n`), line);
  const silent = await site(
    t,
    { vrrp: { report: () => never, pair: () => never }, sync: { report: () => never } },
    paired,
  );
  const asked = silent.scrape();
  await silent.clock.run(1000);
  const away = await asked;
  t.match(away, /^lvsd_vrrp_up 0$/m);
  t.match(away, /^lvsd_pair_connected 0$/m);
  t.match(away, /^lvsd_sync_connected 0$/m);
});

t.test('promtool has nothing to complain of', async (t) => {
  const { scrape } = await site(t);
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: await scrape(),
    encoding: 'utf8',
  });
  t.equal(error?.message, undefined);
  t.equal(`${status} ${stdout}${stderr}`, '0 ');
});
