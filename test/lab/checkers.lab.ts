// kernels: uml
/**
 * Every checker from end to end: a real server as its users run it, `lvsd run` that checks it, and the kernel's table. Each server
 * starts as down (`alpha`), so that only a check that passed brings it in; then it breaks, each in a way of its own, and is mended.
 * All of that happens to all of them at once; the tests below look at what was seen.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { address, at, bfdPace, type Checker, folder, pace, PROMISED_MS } from './checker-case.js';
import { bfd, dynamic, file, inhibited, misc, quorum, QUORUM_JOURNAL, suspended } from './checker-others.js';
import { dns, grpc, h2c, ping, smtp, tcp, udp, web } from './checker-protocols.js';
import { tell, TableHistory } from './checker-story.js';
import { ipvsOf } from './director-host.js';
import { Director } from './lvsd-process.js';
import { Network, type Topology } from './topology.js';

const vip = '10.1.0.100';
/** The guest has one CPU, all of this happens on it, and the machine has other work. */
const LATE_MS = 60_000;

const { ping: pingAddress, bfd: bfdAddress, ...farmAddresses } = address;

/** The servers whose link goes down or that speak BFD have hosts of their own. */
const topology: Topology = {
  hosts: {
    director: { links: { lo: [`${vip}/32`], inside: ['10.2.0.1/24'] } },
    farm: { links: { inside: Object.values(farmAddresses).map((one) => `${one}/24`) } },
    ping: { links: { inside: [`${pingAddress}/24`] } },
    bfd: { links: { inside: [`${bfdAddress}/24`] } },
  },
};

mkdirSync(folder, { mode: 0o755 });
const network = await Network.build(topology);
t.teardown(() => network[Symbol.asyncDispose]());

const checkers: readonly Checker[] = [
  tcp(),
  ...web(),
  h2c(),
  grpc(),
  smtp(),
  dns(),
  udp(),
  ping(network),
  misc(),
  dynamic(),
  file(),
  bfd(),
  suspended(network),
  inhibited(),
  quorum(),
];

/** Each virtual server has a port of its own, by which its table is known. */
const portOf = (checker: Checker): number => 1000 + checkers.indexOf(checker);

const virtualServer = (checker: Checker): string => `virtual_server ${checker.vip ?? vip} ${portOf(checker)} {
delay_loop ${pace.delayLoop}
retry ${pace.retry}
delay_before_retry ${pace.delayBeforeRetry}
connect_timeout ${pace.connectTimeout}
warmup 0
lb_algo rr
lb_kind NAT
protocol ${checker.protocol ?? 'TCP'}
${checker.virtual ?? 'alpha'}
real_server ${checker.server} ${checker.port ?? 80} {
${checker.real}
}
}
`;

const held = checkers.filter(({ skip = false }) => skip === false);
for (const { end } of held) if (end !== undefined) t.teardown(() => end());
await Promise.all(held.map(({ start }) => start?.()));
writeFileSync(
  at('lvsd.conf'),
  `global_defs {
script_user root
}
track_file load {
file ${at('load')}
}
bfd_instance neighbour {
neighbor_ip ${address.bfd}
source_ip 10.2.0.1
min_rx ${bfdPace.intervalMs}
min_tx ${bfdPace.intervalMs}
multiplier ${bfdPace.multiplier}
}
${held.map(virtualServer).join('')}`,
);
const director = new Director('director', at('lvsd.conf'));
t.teardown(() => director[Symbol.asyncDispose]());
await director.until('daemon.started');
const stopped = director.until('daemon.stopped'); // and all that is said before
stopped.catch(() => undefined); // the last test says so
const history = new TableHistory(await ipvsOf('director'));

const limitOf = ({ promisedMs = PROMISED_MS }: Checker): number => promisedMs + LATE_MS;
const stories = new Map(held.map((one) => [one, tell(history, portOf(one), one.steps, limitOf(one))]));

/** Why lvsd found a server so, from the first verdict on. */
const reasonsOf = (server: string): string[] =>
  director.said
    .filter((line) => line['event'] === 'health.verdict' && String(line['server']).includes(` ${server}:`))
    .map(({ verdict, why = '', detail }) => [verdict, why, detail].map(String).join(' '));

for (const checker of checkers)
  t.test(checker.what, { skip: checker.skip ?? false }, async (t) => {
    const told = (await stories.get(checker)) ?? [];
    const reasons = reasonsOf(checker.server);
    t.comment(reasons.join('; '));
    for (const { step, table, tookMs } of told)
      t.equal(table, step.becomes, `${step.what}: '${step.becomes}' after ${(tookMs / 1000).toFixed(1)} s`);
    t.equal(told.length, checker.steps.length, 'to the end');
    for (const { because } of checker.steps)
      if (because !== undefined)
        t.ok(
          reasons.some((reason) => reason.startsWith('down') && because.test(reason)),
          `the log says why: ${String(because)}`,
        );
    const tables = checker.steps.map(({ becomes }) => becomes);
    const changes = tables.filter((table, i) => table !== tables[i - 1]);
    const seen = history.of(portOf(checker));
    t.same(seen.slice(seen.indexOf(changes[0]!)), changes, 'and nothing else was in the table meanwhile');
  });

t.test('at the end nothing is left, and the scripts of the quorum ran once for each change', async (t) => {
  await Promise.all(stories.values());
  await history[Symbol.asyncDispose]();
  director.kill('SIGTERM');
  await stopped;
  t.equal(await network.must('director', 'ipvsadm', '-Sn'), '', 'the table is empty');
  t.equal(readFileSync(QUORUM_JOURNAL, 'utf8'), 'up\ndown\nup\n', 'what the scripts were told');
});
