/** A big table changes while packets flow: 10,000 services with ten servers each, one weight is changed, and nobody waits. */
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { natSite, numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { Network } from '../lab/topology.js';
import { direct, echo, globals, lvsctl, Steady, type Stream } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const SERVICES = 10_000;
const SERVERS = 10;
const PER_SECOND = 500;
/** What a change may add to the slowest datagram. On a busy machine that one is late without any change, too: by so much. */
const MOST_LATER_MS = 10;
const FEWEST_ROUNDS = 3;
/** So often until a change made nobody wait: where there is only bad luck with a busy machine, it ends. */
const MOST_ROUNDS = 12;
const QUIET_MS = 2_000;

/** The service that datagrams flow through, and 10,000 others; `weight` is that of one server of theirs. */
function textOf(weight: number): string {
  const others = Array.from({ length: SERVICES }, (_, i) => {
    const servers = Array.from(
      { length: SERVERS },
      (_, s) =>
        `    real_server 10.2.${1 + (s >> 3)}.${1 + s} 80 {\n weight ${i === SERVICES / 2 && s === 0 ? weight : 1}\n }`,
    );
    return `virtual_server 10.${64 + (i >> 14)}.${(i >> 7) & 127}.${i & 127} 80 {\nlvs_engine userspace\nlvs_sched wrr\nlvs_method NAT\nprotocol TCP\n${servers.join('\n')}\n}\n`;
  });
  const own = numbersTo(3).map((n) => `    real_server ${serverAddress(n)} 53 {\n weight 1\n }`);
  return `${globals(['outside', 'inside'], 'xdp')}
virtual_server ${vip} 53 {
lvs_engine userspace
lvs_sched maglev
lvs_method NAT
protocol UDP
${own.join('\n')}
}
${others.join('')}`;
}

t.test('one weight of 100,000', async (t) => {
  await using network = await Network.build(natSite(3));
  for (const n of numbersTo(3)) await echo(serverHost(n), serverAddress(n), 53);
  await network.must('director', 'ip', 'route', 'add', '10.2.0.0/16', 'via', serverAddress(1));
  const start = Date.now();
  await using director = await direct('director', textOf(1));
  t.comment(`10,000 services are there after ${Date.now() - start} ms`);

  const measured = async (during: () => Promise<unknown>): Promise<Stream> => {
    await using stream = await Steady.start('client', vip, 53, PER_SECOND);
    await sleep(200);
    await during();
    await sleep(200);
    return await stream.end();
  };
  const reload = async (weight: number): Promise<void> => {
    writeFileSync(director.file, textOf(weight));
    await lvsctl(network, 'director', 'reload');
  };
  await measured(() => sleep(100)); // the first packets may wait for their neighbours
  const quiet: Stream[] = [];
  const changed: Stream[] = [];
  const slowest = (streams: readonly Stream[]): number[] => streams.map(({ longestMs }) => longestMs);
  const isNoneLater = (): boolean => Math.min(...slowest(changed)) <= Math.max(...slowest(quiet)) + MOST_LATER_MS;
  for (let round = 0; round < FEWEST_ROUNDS || (round < MOST_ROUNDS && !isNoneLater()); round++) {
    quiet.push(await measured(() => sleep(QUIET_MS)));
    const before = Date.now();
    changed.push(await measured(() => reload(2 + round)));
    t.comment(`a reload takes ${Date.now() - before} ms`);
  }
  const plan = JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as { lastPlan: string[] };
  t.equal(plan.lastPlan.length, 1, `it was one change: ${plan.lastPlan.join()}`);

  t.comment(`slowest datagram, ms: ${slowest(quiet).join()} without, ${slowest(changed).join()} with a change`);
  for (const { sent, back } of [...quiet, ...changed]) t.equal(back, sent, `${sent} datagrams, none lost`);
  t.ok(isNoneLater(), 'a change makes none later than a quiet moment does');
  await director.stop();
});
