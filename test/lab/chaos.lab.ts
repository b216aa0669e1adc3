// kernels: uml
/**
 * Ten minutes of an ordinary bad day under traffic, ten times as fast: servers die and come back, the file is changed and read again,
 * lvsd is killed and started. Times of the file are a tenth of the usual ones, so that a minute here stands for ten.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { Peer, serve } from './peers.js';
import { Network } from './topology.js';

/** At least, and until it was a bad day. */
const SECONDS = 60;
const [DEATHS, KILLS] = [5, 3];
const SERVERS = 4;
/** Another one each time it is set; what a failure prints makes it happen again. */
const SEED = Number(process.env['SEED'] ?? 20_261_121);
const [file, script, journal] = ['/run/chaos.conf', '/run/chaos.sh', '/run/chaos.journal'];
const memory = '/run/lvsd/health.json';
const traffic = fileURLToPath(new URL('../../../test/lab/traffic.py', import.meta.url));

t.setTimeout(0); // whoever runs us sets the limit

const configuration = (weights: readonly number[], others: number): string => `
global_defs {
    script_user root
}
virtual_server ${vip} 80 {
    delay_loop 0.2
    delay_before_retry 0.1
    retry 1
    warmup 0.1
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    quorum_up "${script} quorum up"
    quorum_down "${script} quorum down"
${numbersTo(SERVERS)
  .map(
    (n) => `    real_server ${serverAddress(n)} 80 {
        weight ${weights[n - 1] ?? 1}
        notify_up "${script} ${serverHost(n)} up"
        notify_down "${script} ${serverHost(n)} down"
        TCP_CHECK {
            connect_timeout 10
        }
    }`,
  )
  .join('\n')}
}
${numbersTo(others)
  .map(
    (n) => `virtual_server ${vip} ${1000 + n} {
    protocol TCP
    lb_algo rr
    lb_kind NAT
    real_server ${serverAddress(1)} 80 {
    }
}`,
  )
  .join('\n')}
`;

/** A random number from 0 below `below`, the same ones for the same seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** When something was so, in seconds since 1970; `to` is missing while it is. */
interface Span {
  readonly server: string;
  readonly from: number;
  to?: number;
}
const seconds = (): number => Date.now() / 1000;

/** Which servers take new connections, as the kernel's table says, looked at all the time. */
class TableWatch implements AsyncDisposable {
  readonly #ipvs;
  readonly #done: Promise<void>;
  #running = true;
  readonly spans: Span[] = [];
  looks = 0;

  constructor(ipvs: Awaited<ReturnType<typeof ipvsOf>>) {
    this.#ipvs = ipvs;
    this.#done = this.#run();
  }

  has(server: string): boolean {
    return this.spans.some((span) => span.server === server && span.to === undefined);
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const services = await this.#ipvs.list();
      const service = services.find(({ key }) => key.by === 'address' && key.port === 80);
      const open = new Set(
        (service?.destinations ?? [])
          .filter(({ settings }) => settings.weight > 0)
          .map(({ key }) => serverHost(Number(key.address.slice(-1)))),
      );
      const now = seconds();
      for (const span of this.spans) if (span.to === undefined && !open.has(span.server)) span.to = now;
      for (const server of open) if (!this.has(server)) this.spans.push({ server, from: now });
      this.looks++;
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#ipvs.close();
  }
}

t.test(`ten minutes of a bad day (seed ${SEED})`, async (t) => {
  const network = await Network.build(natSite(SERVERS));
  t.teardown(() => network[Symbol.asyncDispose]());
  const roll = dice(SEED);
  writeFileSync(journal, '');
  writeFileSync(script, `#!/bin/sh\necho "$@" >>${journal}\nsleep 0.05\n`);
  chmodSync(script, 0o755);
  let weights = numbersTo(SERVERS).map(() => 1);
  let others = 0;
  writeFileSync(file, configuration(weights, others));

  const running = new Map<string, Peer>();
  const deaths: Span[] = [];
  const expected = new Map<string, string[]>(numbersTo(SERVERS).map((n) => [serverHost(n), []]));
  const start = async (n: number): Promise<void> => {
    const server = serverHost(n);
    const death = deaths.findLast((span) => span.server === server);
    if (death !== undefined) death.to = seconds();
    running.set(server, await serve(server, [{ protocol: 'tcp', address: serverAddress(n), port: 80 }]));
  };
  for (const n of numbersTo(SERVERS)) await start(n);

  let director = new Director('director', file);
  await director.until('daemon.started');
  const kills: number[] = [];
  const table = new TableWatch(await ipvsOf('director'));
  await eventually(() => {
    if (numbersTo(SERVERS).some((n) => !table.has(serverHost(n)))) throw new Error('not all servers are in the table');
  });
  await using clients = new Peer(['ip', 'netns', 'exec', 'client', '/usr/bin/python3', traffic, vip, '80', '6', '24']);
  t.equal(await clients.line(), 'ready');
  const told: string[] = [];
  const listening = (async () => {
    for (let line = await clients.line(); ; line = await clients.line()) {
      told.push(line);
      if (line.startsWith('done')) return;
    }
  })();

  const die = async (server: string): Promise<void> => {
    deaths.push({ server, from: seconds() });
    expected.get(server)!.push('down');
    await running.get(server)?.[Symbol.asyncDispose]();
    running.delete(server);
  };
  const reload = async (): Promise<void> => {
    writeFileSync(file, configuration(weights, others));
    director.kill('SIGHUP');
    await director.until('daemon.reloaded');
  };
  const killDirector = async (): Promise<void> => {
    kills.push(seconds());
    director.kill('SIGKILL');
    await director[Symbol.asyncDispose]();
    director = new Director('director', file);
    await director.until('daemon.started');
  };
  const known = (server: string, isIn: boolean): Promise<void> =>
    eventually(() => {
      if (table.has(server) !== isIn) throw new Error(`${server} is ${isIn ? 'not yet' : 'still'} in the table`);
    });
  /** What scripts were told is written down: an lvsd that dies before makes the next one tell it again. */
  const written = (): Promise<void> =>
    eventually(() => {
      const { told } = JSON.parse(readFileSync(memory, 'utf8')) as { readonly told: Readonly<Record<string, boolean>> };
      for (const n of numbersTo(SERVERS))
        if (told[`tcp ${vip}:80 -> ${serverAddress(n)}:80`] !== running.has(serverHost(n)))
          throw new Error(`${serverHost(n)}: ${JSON.stringify(told)}`);
      if (told[`tcp ${vip}:80`] !== true) throw new Error(`the quorum: ${JSON.stringify(told)}`);
    });
  /** lvsd sees nothing of what happens, and dies. */
  const unseen = async (happens: () => Promise<void>): Promise<void> => {
    await written();
    director.kill('SIGSTOP');
    await happens();
    await killDirector();
  };

  const end = seconds() + SECONDS;
  let steps = 0;
  while (seconds() < end || deaths.length < DEATHS || kills.length < KILLS) {
    steps++;
    const dead = numbersTo(SERVERS).filter((n) => !running.has(serverHost(n)));
    const mayDie = numbersTo(SERVERS).filter((n) => running.has(serverHost(n)) && dead.length < SERVERS - 1);
    const what = roll(6);
    if (what <= 1 && mayDie.length > 0) {
      const server = serverHost(mayDie[roll(mayDie.length)]!);
      if (roll(3) === 0) await unseen(() => die(server));
      else await die(server);
      if (roll(3) === 0) await reload();
      await known(server, false);
    } else if (what <= 3 && dead.length > 0) {
      const n = dead[roll(dead.length)]!;
      expected.get(serverHost(n))!.push('up');
      if (roll(3) === 0) await unseen(() => start(n));
      else await start(n);
      if (roll(3) === 0) await reload();
      await known(serverHost(n), true);
    } else if (what === 4) {
      weights = weights.map((weight, i) => (i === roll(SERVERS) ? 1 + roll(5) : weight));
      others = roll(4);
      await reload();
    } else {
      await written();
      await killDirector();
    }
    await sleep(100 + roll(600));
  }

  await written();
  await sleep(1000);
  clients.end();
  await listening;
  await table[Symbol.asyncDispose]();
  director.kill('SIGTERM');
  await director.until('daemon.stopped');

  const [short = 0, conversations = 0, messages = 0] = told.at(-1)!.split(' ').slice(1).map(Number);
  t.comment(
    `${steps} steps, ${deaths.length} deaths, ${kills.length} kills of lvsd, ${table.looks} looks at the table`,
  );
  t.comment(
    `${short} short requests, ${conversations} conversations of ${messages} messages, ${told.length - 1} failures`,
  );
  t.ok(deaths.length >= DEATHS && kills.length >= KILLS && short > 1000, 'it was a bad day');

  const margin = 0.15;
  /** When a server that is dead still took new connections: nobody can know at once. */
  const unnoticed = deaths.map(({ server, from, to = Number.POSITIVE_INFINITY }) => {
    const span = table.spans.find((one) => one.server === server && one.from <= from && (one.to ?? to) >= from);
    return { server, from: from - margin, to: Math.min(span?.to ?? from, to) + margin };
  });
  const isExcused = (line: string): boolean => {
    const [, from = '', to = ''] = line.split(' ');
    return unnoticed.some((span) => Number(from) <= span.to && Number(to) >= span.from);
  };
  const failed = told.filter((line) => line.startsWith('failed'));
  t.strictSame(
    failed.filter((line) => !isExcused(line)),
    [],
    `requests fail only where a death was not known yet (${failed.length} did)`,
  );
  const isBereaved = (line: string): boolean => {
    const [, from = '', to = '', server = ''] = line.split(' ');
    return deaths.some((death) => death.server === server && Number(from) <= death.from && death.from <= Number(to));
  };
  const broken = told.filter((line) => line.startsWith('broke'));
  t.strictSame(
    broken.filter((line) => !isBereaved(line)),
    [],
    `connections break only because their server died (${broken.length} did)`,
  );
  for (const death of deaths) {
    const back = table.spans.find(
      (span) =>
        span.server === death.server &&
        span.from > death.from &&
        span.from < (death.to ?? Number.POSITIVE_INFINITY) - margin,
    );
    t.equal(back, undefined, `${death.server}, dead since ${death.from}, does not come back before it lives`);
  }
  const ran = readFileSync(journal, 'utf8').trim().split('\n');
  for (const [server, events] of expected)
    t.strictSame(
      ran.filter((line) => line.startsWith(`${server} `)).map((line) => line.split(' ')[1]),
      events,
      `the scripts of ${server} ran in order, each exactly once`,
    );
  t.strictSame(
    ran.filter((line) => line.startsWith('quorum')),
    ['quorum up'],
    'the quorum was never lost, and told once',
  );
});
