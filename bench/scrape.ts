/** /metrics of 50,000 servers in a real kernel's table. Run inside the lab: npm run bench -- scrape */
import { asked, bytesOf, servedFile, ServedDirector, textOf } from './served-director.js';
import { spread } from './statistics.js';

const SERVICES = 5000;
const SERVERS = 10;
const ROUNDS = Number(process.env['ROUNDS'] ?? 7);

interface Scrape {
  readonly firstMs: number;
  readonly allMs: number;
  readonly bytes: number;
}

async function scrape(accept: string): Promise<Scrape> {
  const began = performance.now();
  const { answer } = await asked('/metrics', { headers: { accept } });
  const firstMs = performance.now() - began;
  const bytes = await bytesOf(answer);
  return { firstMs, allMs: performance.now() - began, bytes };
}

/** A value of a metric without labels, or of one bucket. */
async function valueOf(name: string): Promise<number> {
  const text = await textOf((await asked('/metrics')).answer);
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

await using director = await ServedDirector.start(servedFile(SERVICES, SERVERS, 'metrics {\n  series 1000000\n}'));
const openmetrics = 'application/openmetrics-text';
await scrape(openmetrics);
const rows: Scrape[] = [];
for (let i = 0; i < ROUNDS; i++) rows.push(await scrape(openmetrics));
const together: number[] = [];
for (let i = 0; i < 3; i++) {
  const began = performance.now();
  await Promise.all([scrape(openmetrics), scrape(openmetrics), scrape('text/plain')]);
  together.push(performance.now() - began);
}
const text = await textOf((await asked('/metrics')).answer);
const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
const readMs = 1000 * (await valueOf('lvsd_table_read_seconds'));
const megabytes = (await valueOf('lvsd_resident_memory_bytes')) / 1e6;
const late =
  (await valueOf('lvsd_event_loop_delay_seconds_count')) -
  (await valueOf('lvsd_event_loop_delay_seconds_bucket{le="0.05"}'));

console.log(`\n### /metrics of ${SERVICES} services × ${SERVERS} servers, ${ROUNDS} scrapes\n`);
console.log('| | |\n| --- | --- |');
console.log(`| series | ${series} |`);
console.log(`| megabytes | ${(rows[0]!.bytes / 1e6).toFixed(1)} |`);
console.log(
  `| all of it, milliseconds | ${spread(
    rows.map(({ allMs }) => allMs),
    0,
  )} (wanted: < 1000) |`,
);
console.log(
  `| first byte, milliseconds | ${spread(
    rows.map(({ firstMs }) => firstMs),
    0,
  )} |`,
);
console.log(`| of that the kernel's dump, milliseconds | ${readMs.toFixed(0)} |`);
console.log(`| three at the same time, milliseconds | ${spread(together, 0)} |`);
console.log(`| looks at the event loop that were more than 50 ms late | ${late} |`);
console.log(`| memory of lvsd (resident) | ${megabytes.toFixed(0)} MB |`);
director.process.unref();
