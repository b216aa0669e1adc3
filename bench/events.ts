/** From a change that the kernel shows to a client of the events. Run inside the lab: npm run bench -- events */
import { setTimeout as sleep } from 'node:timers/promises';
import { openNetlink } from '../src/addon/netlink.js';
import { IpvsClient } from '../src/ipvs/client.js';
import type { ServiceKey } from '../src/model/service.js';
import { NETLINK_GENERIC } from '../src/netlink/generic.js';
import { asked, bytesOf, servedFile, ServedDirector } from './served-director.js';

const SERVICES = 1000;
const SERVERS = 10;
const STREAMS = 100;
const ROUNDS = Number(process.env['ROUNDS'] ?? 300);

/** When each event was heard. */
interface Client {
  readonly heard: () => number;
  readonly close: () => void;
}

async function follow(onApplied: () => void): Promise<Client> {
  const { answer, asking } = await asked('/v1/events?event=director.applied', {
    headers: { accept: 'text/event-stream' },
  });
  let heard = 0;
  answer.on('error', () => undefined);
  asking.on('error', () => undefined);
  answer.setEncoding('utf8').on('data', (part: string) => {
    const times = part.split('"director.applied"').length - 1;
    heard += times;
    for (let i = 0; i < times; i++) onApplied();
  });
  return { heard: () => heard, close: () => asking.destroy() };
}

await using director = await ServedDirector.start(servedFile(SERVICES, SERVERS));
const kernel = new IpvsClient(openNetlink(NETLINK_GENERIC));
const service: ServiceKey = { by: 'address', protocol: 'tcp', address: '192.0.0.7', port: 80 };
const weightNow = async (): Promise<number | undefined> =>
  (await kernel.destinations(service, { statistics: false })).find(({ key }) => key.address === '10.0.7.1')?.settings
    .weight;

let heardMs = 0;
const first = await follow(() => (heardMs = performance.now()));
const others = await Promise.all(Array.from({ length: STREAMS - 1 }, () => follow(() => undefined)));
const delays: number[] = [];
const requests: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const weight = 2 + (round % 100);
  const before = first.heard();
  const began = performance.now();
  const change = asked('/v1/services/tcp-192.0.0.7-80/destinations/10.0.7.1-8080', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ weight }),
  }).then(async ({ answer }) => {
    await bytesOf(answer);
    if (answer.statusCode !== 200) throw new Error(`PATCH: ${String(answer.statusCode)}`);
    requests.push(performance.now() - began);
  });
  while ((await weightNow()) !== weight) await new Promise((resolve) => setImmediate(resolve));
  const seenMs = performance.now();
  while (first.heard() === before) await new Promise((resolve) => setImmediate(resolve));
  delays.push(Math.max(0, heardMs - seenMs));
  await change;
}
const total = (): number => others.reduce((sum, one) => sum + one.heard(), 0);
const all = ROUNDS * others.length;
for (let waited = 0; total() < all && waited < 10_000; waited += 10) await sleep(10);
const at = (list: readonly number[], share: number): string =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))]!.toFixed(1);

console.log(
  `\n### A weight that the kernel has to the clients of the events: ${SERVICES} services × ${SERVERS} servers, ${STREAMS} streams, ${ROUNDS} changes\n`,
);
console.log('| | milliseconds |\n| --- | --- |');
console.log(`| median | ${at(delays, 0.5)} |`);
console.log(`| 99 of 100 | ${at(delays, 0.99)} (wanted: < 50) |`);
console.log(`| the longest | ${at(delays, 1)} |`);
console.log(`| PATCH to its answer, median and 99 of 100 | ${at(requests, 0.5)}, ${at(requests, 0.99)} |`);
console.log(`\nThe other ${others.length} streams heard ${total()} of ${all} events.`);
for (const one of [first, ...others]) one.close();
kernel.close();
director.process.unref();
