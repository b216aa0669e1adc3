import t, { type Test } from 'tap';
import { HealthMemory } from '../../../src/daemon/health-memory.js';
import type { LocalAddresses } from '../../../src/daemon/local-addresses.js';
import { Watch, type WatchOptions } from '../../../src/daemon/watch.js';
import type { Outcome } from '../../../src/health/check.js';
import type { Follow } from '../../../src/health/told.js';
import type { Configuration } from '../../../src/config/configuration.js';
import { serverName, virtualServerName } from '../../../src/director/names.js';
import { configurationOf, site } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { FakeDialer } from '../../helpers/fake-dialer.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { probePorts } from '../../helpers/probe-ports.js';

const EPOCH = 1_700_000_000_000;

interface Scene {
  readonly watch: Watch;
  readonly clock: FakeClock;
  readonly dialer: FakeDialer;
  readonly log: MemoryLog;
  /** What was told of servers, and looks that were asked for. */
  readonly said: string[];
  /** Takes over the configuration of this text, and forgets the one before. */
  readonly take: (text: string) => Promise<void>;
  /** Lets this much time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

async function scene(
  t: Test,
  text: string,
  more: Partial<WatchOptions> = {},
  dialer = new FakeDialer(),
  clock = new FakeClock(),
): Promise<Scene> {
  const log = new MemoryLog();
  const said: string[] = [];
  /** Compares, as Notify does. */
  const told = new Map<string, boolean>();
  const tell = (server: string, isUp: boolean): void => {
    if (told.get(server) !== isUp) said.push(`${isUp ? 'up' : 'down'} ${server}`);
    told.set(server, isUp);
  };
  const begin = ({ virtualServers }: Configuration): void => {
    for (const virtual of virtualServers)
      for (const real of virtual.realServers) {
        const server = serverName(virtualServerName(virtual), real);
        if (told.has(server)) tell(server, watch.isUp(server));
        else told.set(server, watch.isUp(server));
      }
  };
  const watch: Watch = new Watch({
    ports: { ...probePorts(clock), dialer },
    log,
    wallMs: () => EPOCH + clock.now(),
    mostAttempts: 10_000,
    onChange: (virtualServer) => said.push(`look ${virtualServer}`),
    onServer: tell,
    ...more,
  });
  t.teardown(() => watch.stop());
  const take = (text: string): Promise<void> => {
    const configuration = configurationOf(text);
    const checks = watch.follow(configuration, () => undefined);
    begin(configuration);
    checks.start();
    return checks.retire();
  };
  const pass = async (ms: number): Promise<void> => {
    await clock.run(ms, 50);
    await settled();
  };
  await take(text);
  return { watch, clock, dialer, log, said, take, pass };
}

async function memoryOf(file: MemoryFile, clock: FakeClock, log = new MemoryLog()): Promise<HealthMemory> {
  const memory = new HealthMemory({ file, clock, wallMs: () => EPOCH + clock.now(), log });
  await memory.open();
  return memory;
}

const first = 'tcp 192.0.2.1:80 -> 10.0.0.1:80';
const second = 'tcp 192.0.2.1:80 -> 10.0.0.2:80';
const tcp = 'TCP_CHECK {\n}';
const quick = 'warmup 0\nretry 1\ndelay_before_retry 1';

t.test('a server goes down and comes up; it is told once, and looked at once', async (t) => {
  const { watch, dialer, said, pass, log } = await scene(t, site({ service: quick, servers: { 1: tcp, 2: '' } }));
  await pass(1100);
  t.same(said, ['look tcp 192.0.2.1:80'], 'what was assumed is proven; up is not told');
  dialer.refusing.add('10.0.0.1:80');
  await pass(6100);
  t.notOk(watch.isUp(first));
  t.ok(watch.isUp(second), 'nobody checks it');
  dialer.refusing.clear();
  await pass(5100);
  t.ok(watch.isUp(first));
  t.same(said.slice(1), [`down ${first}`, 'look tcp 192.0.2.1:80', `up ${first}`, 'look tcp 192.0.2.1:80']);
  t.match(log.named('health.verdict'), [{ verdict: 'up' }, { verdict: 'down', why: 'refused' }, { verdict: 'up' }]);
});

t.test('many verdicts of one turn are one look', async (t) => {
  const servers = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [i + 1, tcp]));
  const { dialer, said, pass } = await scene(t, site({ service: quick, servers }));
  for (const octet of Object.keys(servers)) dialer.refusing.add(`10.0.0.${octet}:80`);
  await pass(1100);
  t.equal(said.filter((one) => one.startsWith('down')).length, 50);
  t.equal(said.filter((one) => one.startsWith('look')).length, 1);
});

t.test('4,000 black holes and one server that dies: nobody waits for anybody', async (t) => {
  const holes = Array.from({ length: 4000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  const text = (own: string): string =>
    `virtual_server 192.0.2.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\ndelay_loop 1\nwarmup 0\nretry 1\nconnect_timeout 5\n${[
      own,
      ...holes,
    ]
      .map((address) => `real_server ${address} 80 {\n${tcp}\n}`)
      .join('\n')}\n}\n`;
  const dialer = new FakeDialer();
  for (const address of holes) dialer.silent.add(`${address}:80`);
  const { watch, pass, log } = await scene(t, text('10.0.0.1'), {}, dialer);
  await pass(2000);
  dialer.refusing.add('10.0.0.1:80');
  await pass(1000 + 1000 + 50);
  t.notOk(watch.isUp(first));
  t.same(log.named('health.crowded'), []);
});

t.test('where descriptors are few, others wait, and the log says so once in a while', async (t) => {
  const dialer = new FakeDialer();
  dialer.silent.add('10.0.0.1:80');
  const {
    dialer: asked,
    pass,
    log,
  } = await scene(t, site({ service: quick, servers: { 1: tcp, 2: tcp } }), { mostAttempts: 1 }, dialer);
  await pass(1100);
  t.same(asked.take(), ['10.0.0.1:80']);
  await pass(5000);
  t.match(asked.take(), ['10.0.0.2:80']);
  t.match(log.named('health.crowded'), [{ limit: 1 }]);
});

t.test('reload: what did not change goes on in its rhythm, and what it knows stays', async (t) => {
  const text = site({ service: quick, servers: { 1: tcp, 2: tcp } });
  const { watch, dialer, said, take, pass } = await scene(t, text);
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  t.same(dialer.take(), ['10.0.0.1:80', '10.0.0.2:80']);
  said.length = 0;
  await pass(4000);
  await take(`# moved by a line\n${text}`);
  await take(text.replace('real_server 10.0.0.2 80 {', '$&\nweight 7'));
  t.notOk(watch.isUp(first));
  t.same(dialer.take(), []);
  await pass(900 + 100);
  t.same(dialer.take(), ['10.0.0.1:80', '10.0.0.2:80'], 'an interval after the last attempt, not after the reload');
  t.same(said, []);
});

t.test('a server that was down is down though its check changed, until it passes', async (t) => {
  const text = (timeout: number): string =>
    site({ service: quick, servers: { 1: `TCP_CHECK {\nconnect_timeout ${timeout}\n}` } });
  const { watch, dialer, said, take, pass } = await scene(t, text(1));
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  await take(text(2));
  t.notOk(watch.isUp(first));
  dialer.refusing.clear();
  await pass(1100);
  t.ok(watch.isUp(first));
  t.same(
    said.filter((one) => !one.startsWith('look')),
    [`down ${first}`, `up ${first}`],
  );
});

t.test('a server that leaves keeps its verdict until nobody asks any more', async (t) => {
  const { watch, dialer, clock, pass } = await scene(t, site({ service: quick, servers: { 1: tcp, 2: tcp } }));
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  const { retire } = watch.follow(configurationOf(site({ service: quick, servers: { 2: '' } })), () => undefined);
  t.notOk(watch.isUp(first));
  await retire();
  t.ok(watch.isUp(first), 'a server nobody checks is up');
  t.equal(clock.pending, 0);
});

t.test('the check that failed is removed from the file: the server is up, and that is told', async (t) => {
  const { watch, dialer, said, take, pass } = await scene(t, site({ service: quick, servers: { 1: tcp } }));
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  said.length = 0;
  await take(site({ service: quick, servers: { 1: '' } }));
  t.ok(watch.isUp(first));
  t.same(said, [`up ${first}`]);
});

const two = (globals = '', check = tcp): string =>
  site({ globals, service: quick, servers: { 1: check } }) +
  site({ vip: '192.0.2.2', service: quick, servers: { 1: check } }).replace(/global_defs \{[^}]*\}/, '');

t.test('one probe for the same server in two services', async (t) => {
  const { watch, dialer, said, log, pass } = await scene(t, two());
  await pass(1100);
  t.same(dialer.take(), ['10.0.0.1:80']);
  dialer.refusing.add('10.0.0.1:80');
  said.length = 0;
  await pass(6100);
  t.same(said.sort(), [
    `down ${first}`,
    `down ${first.replace('2.1', '2.2')}`,
    'look tcp 192.0.2.1:80',
    'look tcp 192.0.2.2:80',
  ]);
  t.match(log.named('health.verdict').at(-1), { server: first, servers: 2, verdict: 'down' });
  t.match(watch.status, [{ servers: 2 }, { servers: 2 }]);
});

t.test('share_probes off, another check, or another target: a probe each', async (t) => {
  for (const text of [
    two('share_probes off'),
    two().replace(tcp, 'TCP_CHECK {\nconnect_timeout 2\n}'),
    two().replace(tcp, 'TCP_CHECK {\nconnect_port 81\n}'),
    two('', 'TCP_CHECK {\nvia_forwarding\n}'),
  ]) {
    const { dialer, pass } = await scene(t, text);
    await pass(1100);
    t.equal(dialer.take().length, 2);
  }
});

t.test('a service that joins shares the probe that runs, and leaves it to the others', async (t) => {
  const one = site({ service: quick, servers: { 1: tcp } });
  const { watch, dialer, take, pass } = await scene(t, one);
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  await take(two());
  t.notOk(watch.isUp(first.replace('2.1', '2.2')), 'what is known of it is known');
  await take(one);
  t.match(watch.status, [{ server: first, servers: 1, verdict: 'down' }]);
  dialer.take();
  await pass(5000);
  t.same(dialer.take(), ['10.0.0.1:80'], 'once');
});

const fileCheck = site({
  globals: '}\ntrack_file load {\nfile /run/load\nweight 1\n',
  servers: { 1: 'weight 10\nFILE_CHECK {\ntrack_file load\n}' },
});

/** A check that the test tells. */
function teller(): { readonly follow: () => Follow; tell: (outcome: Outcome) => void; following: number } {
  const it = {
    follow: (): Follow => (tell) => {
      it.tell = tell;
      it.following++;
      return () => {
        it.following--;
      };
    },
    tell: (outcome: Outcome): void => {
      t.fail(`nobody follows: ${outcome.detail}`);
    },
    following: 0,
  };
  return it;
}

t.test('a check that is told: down and up at once, and its weight', async (t) => {
  const told = teller();
  const { watch, said, pass, take } = await scene(t, fileCheck, { follow: told.follow });
  told.tell({ is: 'alive', detail: 'value 5', weight: { add: 5 } });
  await pass(0);
  t.equal(watch.weightOf(first, 10), 15);
  told.tell({ is: 'failed', why: 'file', detail: 'value' });
  await pass(0);
  t.notOk(watch.isUp(first));
  told.tell({ is: 'alive', detail: 'value -50', weight: { add: -50 } });
  await settled();
  t.ok(watch.isUp(first));
  t.equal(watch.weightOf(first, 10), 0, 'never less than 0');
  said.length = 0;
  told.tell({ is: 'alive', detail: 'value 1', weight: { add: 1 } });
  told.tell({ is: 'alive', detail: 'value 1', weight: { add: 1 } });
  await settled();
  t.same(said, ['look tcp 192.0.2.1:80'], 'another weight is a look; the same one is none');
  await take(fileCheck.replace('weight 10', 'weight 20'));
  t.equal(watch.weightOf(first, 20), 21, 'kept over a reload');
  t.equal(told.following, 1);
  await watch.stop();
  t.equal(told.following, 0);
});

t.test('a check that is told at once: up is no news, down is', async (t) => {
  const atOnce = (outcome: Outcome) => (): Follow => (tell) => {
    tell(outcome);
    return () => undefined;
  };
  const { said: alive } = await scene(t, fileCheck, { follow: atOnce({ is: 'alive', detail: '' }) });
  t.same(alive, []);
  const { said: dead } = await scene(t, fileCheck, { follow: atOnce({ is: 'failed', why: 'file', detail: '' }) });
  t.same(dead, [`down ${first}`]);
});

t.test('damping holds a check that is told, and lets it go by itself', async (t) => {
  const told = teller();
  const damped = fileCheck.replace('delay_loop 5', 'delay_loop 5\nflap_damping 2 60 10');
  const { watch, pass, log } = await scene(t, damped, { follow: told.follow });
  const dead: Outcome = { is: 'failed', why: 'file', detail: '' };
  const live: Outcome = { is: 'alive', detail: '' };
  for (const outcome of [live, dead, live, dead, live]) told.tell(outcome);
  await pass(9900);
  t.notOk(watch.isUp(first));
  t.match(watch.status, [{ damped: true }]);
  t.match(log.named('health.damped'), [{ server: first, falls: 2, withinSeconds: 60, holdSeconds: 10 }]);
  await pass(200);
  t.ok(watch.isUp(first));
});

t.test(
  'ha_suspend: no attempt while the address is elsewhere; within a second of its coming there is one',
  async (t) => {
    const here = new Set<string>();
    let changed = (): void => undefined;
    const addresses: LocalAddresses = {
      has: (address) => here.has(address),
      watch: (onChange) => {
        changed = onChange;
        return () => undefined;
      },
    };
    const text = site({ service: `${quick}\nha_suspend`, servers: { 1: tcp } });
    const { watch, dialer, pass, take } = await scene(t, text, { addresses });
    dialer.refusing.add('10.0.0.1:80');
    await pass(60_000);
    t.same(dialer.take(), []);
    t.ok(watch.isUp(first));
    t.match(watch.status, [{ suspended: true }]);
    here.add('192.0.2.1');
    changed();
    await pass(1000);
    t.same(dialer.take(), ['10.0.0.1:80']);
    t.notOk(watch.isUp(first));
    here.clear();
    changed();
    dialer.take();
    await pass(60_000);
    t.same(dialer.take(), []);
    t.notOk(watch.isUp(first), 'its verdict is kept');
    await take(text.replace('\nha_suspend', ''));
    await pass(1000);
    t.same(dialer.take(), ['10.0.0.1:80'], 'the reload wakes it');
  },
);

t.test('a probe that is shared rests only if all its services are elsewhere', async (t) => {
  const addresses: LocalAddresses = { has: (address) => address === '192.0.2.2', watch: () => () => undefined };
  const { dialer, pass } = await scene(t, two().replaceAll('delay_loop 5', 'delay_loop 5\nha_suspend'), { addresses });
  await pass(1100);
  t.same(dialer.take(), ['10.0.0.1:80']);
});

t.test('killed and started again: who was down stays down until it passes, and nothing is told twice', async (t) => {
  const file = new MemoryFile();
  const text = site({ service: quick, servers: { 1: tcp, 2: tcp } });
  const clock = new FakeClock();
  const dialer = new FakeDialer();
  dialer.refusing.add('10.0.0.1:80');
  const killed = await scene(t, text, { memory: await memoryOf(file, clock) }, dialer, clock);
  await killed.pass(1500);
  t.notOk(killed.watch.isUp(first));
  const left = new MemoryFile(file.text);

  const next = { memory: await memoryOf(left, clock) };
  const again = await scene(t, text.replaceAll(tcp, 'TCP_CHECK {\nconnect_timeout 3\n}'), next, dialer, clock);
  t.notOk(again.watch.isUp(first), 'though its check is another one');
  t.ok(again.watch.isUp(second));
  t.same(again.said, []);
  dialer.refusing.clear();
  await again.pass(1100);
  t.ok(again.watch.isUp(first));
  t.same(
    again.said.filter((one) => !one.startsWith('look')),
    [`up ${first}`],
  );
});

t.test('memory goes before the table, and the table before what is assumed', async (t) => {
  const text = JSON.stringify({ version: 1, servers: { [first]: { up: true } }, told: {} });
  const clock = new FakeClock();
  const memory = await memoryOf(new MemoryFile(text), clock);
  const alpha = site({ service: `${quick}\nalpha`, servers: { 1: tcp, 2: tcp, 3: tcp } });
  const { watch } = await scene(t, site({ servers: { 9: '' } }), { memory }, new FakeDialer(), clock);
  // the first configuration did not have it: what is up and gone is not remembered
  t.notOk(watch.isUp(first) && memory.recall(first) !== undefined);
  const fresh = await memoryOf(new MemoryFile(text), clock);
  const other = new Watch({
    ports: { ...probePorts(clock), dialer: new FakeDialer() },
    log: new MemoryLog(),
    wallMs: () => EPOCH,
    mostAttempts: 10,
    onChange: () => undefined,
    onServer: () => undefined,
    memory: fresh,
  });
  t.teardown(() => other.stop());
  const table = new Map([
    ['10.0.0.1', false],
    ['10.0.0.2', true],
  ]);
  await other.follow(configurationOf(alpha), (_, { address }) => table.get(address)).retire();
  t.same(
    [1, 2, 3].map((octet) => other.isUp(`tcp 192.0.2.1:80 -> 10.0.0.${octet}:80`)),
    [true, true, false],
  );
});

t.test('a server that leaves while it is down and comes back soon is down; after long it is unknown', async (t) => {
  const clock = new FakeClock();
  const memory = await memoryOf(new MemoryFile(), clock);
  const [both, one] = [{ 1: tcp, 2: '' }, { 2: '' }].map((servers) => site({ service: quick, servers }));
  const { watch, dialer, take, pass } = await scene(t, both!, { memory }, new FakeDialer(), clock);
  dialer.refusing.add('10.0.0.1:80');
  await pass(1100);
  await take(one!);
  await pass(60_000);
  await take(both!);
  t.notOk(watch.isUp(first));
  await take(one!);
  clock.advance(3_600_001);
  await take(both!);
  t.ok(watch.isUp(first));
});

t.test('what a check warns of is logged once, not at each attempt', async (t) => {
  const told = teller();
  const { log } = await scene(t, fileCheck, { follow: told.follow });
  const ends: Outcome = { is: 'alive', detail: '', warning: 'its certificate ends in 3 days' };
  for (const outcome of [ends, ends]) told.tell(outcome);
  t.match(log.named('health.warning'), [{ server: first, warning: 'its certificate ends in 3 days' }]);
  t.equal(log.named('health.warning').length, 1);
});

t.test('status: since when, how often, and what was said last', async (t) => {
  const { watch, dialer, pass } = await scene(t, site({ service: quick, servers: { 1: tcp } }));
  t.match(watch.status, [{ since: null, attempts: 0, failures: 0, last: 'none', proven: false, weight: null }]);
  await pass(1100);
  dialer.refusing.add('10.0.0.1:80');
  await pass(12_000);
  t.match(watch.status, [
    {
      server: first,
      check: 'tcp',
      verdict: 'down',
      since: new Date(EPOCH + 7000).toISOString(),
      attempts: 4,
      failures: 3,
      last: 'failed',
      detail: 'connect ECONNREFUSED 10.0.0.1:80',
      damped: false,
      suspended: false,
    },
  ]);
});

t.test('who has failed, and who is only taken to be down', async (t) => {
  const { watch, dialer, pass } = await scene(t, site({ service: `${quick}\nalpha`, servers: { 1: tcp } }));
  dialer.refusing.add('10.0.0.1:80');
  t.same([watch.isUp(first), watch.hasFailed(first)], [false, false]);
  await pass(1100);
  t.same([watch.isUp(first), watch.hasFailed(first)], [false, true]);
});
