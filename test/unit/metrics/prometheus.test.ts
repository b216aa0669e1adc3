/** A real Prometheus reads both formats over real HTTP, and has the names and values that were told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { httpServer } from '../../../src/api/connections.js';
import { Histogram } from '../../../src/metrics/histogram.js';
import { Samples } from '../../../src/metrics/samples.js';
import { bounded, tableText } from '../../../src/metrics/tables.js';
import { contentTypes, endOf, type Format } from '../../../src/metrics/text.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeApi } from '../../helpers/fake-api.js';

t.setTimeout(0); // whoever runs us sets the limit

const NAME = 'odd "name" with \\ and\nlines';

function documentIn(format: Format): Iterable<string> {
  const samples = new Samples();
  samples.add('services', 7);
  samples.add('director', 1, { version: '1.2.3', node: process.versions.node });
  samples.add('events', 2n ** 40n, { event: 'health.verdict' });
  samples.add('cpu_seconds', 1.25);
  const histogram = new Histogram();
  for (const seconds of [0.003, 0.3, 30]) histogram.record(seconds);
  samples.addHistogram('check_lateness_seconds', histogram);
  const state = { name: NAME, virtualServer: 'web', engine: 'kernel', scheduler: 'wlc' };
  const tables = bounded(
    { counted: [], states: [{ ...state, destinations: [{ name: '10.0.0.1:80', isUp: true, weight: 5 }] }] },
    100,
  );
  return [...samples.text(format), ...tableText(tables, format), endOf(format)];
}

const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const pause = (): Promise<void> => new Promise((resolve) => void systemClock.after(100, resolve));

/** It scrapes once a second. */
function started(port: number, target: number, folder: string): ChildProcess {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    `scrape_configs:\n  - job_name: lvsd\n    scrape_interval: 1s\n    static_configs: [{ targets: ['127.0.0.1:${target}'] }]\n`,
  );
  return spawn(
    'prometheus',
    [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
}

interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

for (const wanted of ['openmetrics', 'prometheus'] as const)
  t.test(`a real Prometheus reads ${wanted}`, async (t) => {
    const fake = await FakeApi.open();
    const asked = new Set<Format>();
    fake.scrape = (format) => {
      asked.add(format);
      return Promise.resolve(documentIn(format));
    };
    /** It would rather have OpenMetrics: the other one it is given without a choice. */
    const withoutChoice = createServer(({ url }, answer) => {
      answer.setHeader('content-type', contentTypes.prometheus);
      answer.end(url === '/metrics' ? [...documentIn('prometheus')].join('') : '');
    });
    const server = (wanted === 'openmetrics' ? httpServer(fake.api) : withoutChoice).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
    const port = await freePort();
    const child = started(port, (server.address() as AddressInfo).port, folder);
    const ended = once(child, 'exit');
    t.teardown(async () => {
      child.kill('SIGKILL');
      await ended;
      server.closeAllConnections();
      server.close();
      await fake.close();
      rmSync(folder, { recursive: true, maxRetries: 5 });
    });
    const query = async (expression: string): Promise<string | undefined> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const answer = await fetch(url).catch(() => undefined);
      if (answer?.ok !== true) return undefined;
      return ((await answer.json()) as Answer).data.result[0]?.value[1];
    };
    /** Between a look that our machine was too slow for and the next one it knows nothing. */
    const told = async (expression: string): Promise<string | undefined> => {
      let value = await query(expression);
      for (let tries = 1; tries < 600 && value === undefined; tries++) {
        await pause();
        value = await query(expression);
      }
      return value;
    };
    while ((await query('up{job="lvsd"} == 1')) === undefined) await pause();
    for (const [expression, value] of [
      ['lvsd_services', '7'],
      ['lvsd_director_info{version="1.2.3"}', '1'],
      ['lvsd_events_total{event="health.verdict"}', String(2 ** 40)],
      ['lvsd_cpu_seconds_total', '1.25'],
      ['lvsd_check_lateness_seconds_count', '3'],
      ['lvsd_check_lateness_seconds_bucket{le="0.005"}', '1'],
      ['lvsd_check_lateness_seconds_bucket{le=~"1|1.0"}', '2'],
      ['lvsd_check_lateness_seconds_bucket{le="+Inf"}', '3'],
      [`lvsd_destination_weight{service=${JSON.stringify(NAME)},destination="10.0.0.1:80"}`, '5'],
      ['lvsd_service_info{virtual_server="web"}', '1'],
    ] as const)
      t.equal(await told(expression), value, expression);
    t.same([...asked], wanted === 'openmetrics' ? ['openmetrics'] : []);
  });
