/** A director that finds a running engine: whatever kinds of services it forwards are taken over as they are. The engine is a fake one. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lvsctl } from '../../../src/cli/lvsctl.js';
import { Daemon } from '../../../src/daemon/daemon.js';
import { Engine } from '../../../src/daemon/engine.js';
import { ForwarderOfBoth } from '../../../src/dataplane/both.js';
import { systemClock } from '../../../src/system/clock.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { FakeEngine } from '../../helpers/fake-engine.js';
import { FakeSource } from '../../helpers/fake-network.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { temporaryDirectory } from '../../helpers/program.js';

/** Of no process: the largest that there can be. */
const NOBODY = 2 ** 22 - 1;

const virtual = (header: string, method: string, servers: readonly string[]): string => `
virtual_server ${header} {
  lvs_engine userspace
  lvs_sched maglev
  lvs_method ${method}
  protocol TCP
${servers.map((server) => `  real_server ${server} {\n  }`).join('\n')}
}
`;
/** Prefixes of both families, one within the other, and a single address. */
const text = (weight = 1): string =>
  'global_defs {\n  lvs_stop keep\n}\n' +
  virtual('10.64.0.0/16 80', 'NAT', ['10.1.0.2 8080', '10.1.0.3 8080']).replace(
    '{\n  }',
    `{\n    weight ${weight}\n  }`,
  ) +
  virtual('10.64.3.0/24 80', 'NAT', ['10.1.0.4 8080']) +
  virtual('2001:db8:7::/48 443', 'NAT', ['2001:db8::2 443']) +
  virtual('198.51.100.1 80', 'NAT', ['10.1.0.2 80']);
const FILE = 4;
const MADE = ['tcp 10.0.0.0/24 port 80', 'tcp 30.0.0.1:80'];

/** What outlives a director. */
interface Machine {
  readonly directory: string;
  readonly state: MemoryFile;
  readonly made: MemoryFile;
  readonly engines: FakeEngine[];
}

function machine(t: Test): Machine {
  const engines: FakeEngine[] = [];
  t.teardown(() => Promise.all(engines.map((engine) => engine.close())));
  return { directory: temporaryDirectory(t), state: new MemoryFile(), made: new MemoryFile(), engines };
}

async function direct(t: Test, { directory, state, made, engines }: Machine, configuration = text()) {
  const log = new MemoryLog();
  const engine = new Engine({
    path: join(directory, 'engine.sock'),
    start: async (words) => {
      engines.push(await FakeEngine.listen({ path: words[1]!, pid: NOBODY }));
      return { pid: NOBODY, onExit: () => undefined, kill: () => undefined };
    },
    network: () => new FakeSource(),
    steering: undefined,
    clock: systemClock,
    log,
  });
  const control = join(directory, 'control.sock');
  const read = () => ({ configuration: configurationOf(configuration), complaints: [] });
  const daemon = await Daemon.start(
    configurationOf(configuration),
    { ...probePorts(new FakeClock()), forwarder: new ForwarderOfBoth(undefined, engine.forwarder), engine, log },
    {
      source: { path: 'test.conf', read },
      state,
      health: new MemoryFile(),
      made,
      controlPath: control,
      observeMs: 10_000,
      foreign: 'adopt',
    },
  );
  t.teardown(() => daemon.stop());
  const said: string[] = [];
  const output = { out: (line: string) => void said.push(line), err: (line: string) => void said.push(line) };
  return {
    daemon,
    engine,
    log,
    type: async (words: string): Promise<string> => {
      const status = await lvsctl(['--control', control, ...words.split(' ')], output, {});
      if (status !== 0) throw new Error(`${words}: ${said.join('')}`);
      return said.splice(0).join('');
    },
  };
}

async function make(type: (words: string) => Promise<string>): Promise<void> {
  await type('lb vip 10.0.0.0/24 protocol tcp port 80 encap gre4');
  await type('lb as 10.0.0.0/24 protocol tcp port 80 10.1.0.5');
  await type('lb-add web 30.0.0.1:80 10.1.0.6:8080,10.1.0.7:8080');
  await type('lr-lb-add router web');
}

const count = ({ asked }: FakeEngine, name: string): number => asked.filter((one) => one === name).length;

t.test('prefixes of the file and services made at run time are there again, and nothing is published', async (t) => {
  const site = machine(t);
  const first = await direct(t, site);
  await make(first.type);
  const before = new Map(first.daemon.director.status.known);
  t.equal(before.size, FILE + MADE.length);
  await first.daemon.stop();
  const [engine] = site.engines;
  const image = engine!.services!;
  engine!.asked.length = 0;

  const next = await direct(t, site);
  t.equal(site.engines.length, 1, 'the same engine');
  t.equal(count(engine!, 'publishServices'), 0);
  t.equal(count(engine!, 'flush') + count(engine!, 'stop'), 0);
  t.equal(engine!.services, image);
  const { known, last, foreign, refused } = next.daemon.director.status;
  t.same(last.changes, []);
  t.same([foreign, refused], [[], []]);
  t.same([...known.keys()].sort(), [...before.keys()].sort());
  for (const [name, service] of before) t.same(known.get(name), service, name);
  t.match(next.log.named('engine.adopted'), [{ pid: NOBODY }]);
  t.equal(next.log.named('director.adopted').length, 0, 'they were ours');
  t.match(await next.type('show lb vips'), /10\.0\.0\.0\/24/);
  t.match(await next.type('lb-list'), /30\.0\.0\.1:80/);
});

t.test('what is changed then changes that alone', async (t) => {
  const site = machine(t);
  const first = await direct(t, site);
  await make(first.type);
  await first.daemon.stop();
  const next = await direct(t, site, text(5));
  t.same(
    next.daemon.director.status.last.changes.map(({ do: what }) => what),
    ['edit-destination'],
  );
  await next.type('lb-del web');
  t.notOk(next.daemon.director.status.known.has(MADE[1]!));
  t.equal(next.daemon.director.status.known.size, FILE + 1);
  t.equal((await next.engine.forwarder.read()).size, FILE + 1);
  await next.type('lb as 10.0.0.0/24 protocol tcp port 80 10.1.0.8');
  t.equal(next.daemon.director.status.known.get(MADE[0]!)!.destinations.size, 2);
});

t.test('a prefix that left the file meanwhile goes, the one within it and what was made stay', async (t) => {
  const site = machine(t);
  const first = await direct(t, site);
  await make(first.type);
  await first.daemon.stop();
  const without = text().replace(/virtual_server 10\.64\.0\.0\/16[\s\S]*?\n}\n/, '');
  const next = await direct(t, site, without);
  const names = [...(await next.engine.forwarder.read()).keys()];
  t.equal(names.length, FILE - 1 + MADE.length);
  t.ok(names.includes('tcp 10.64.3.0/24 port 80'), names.join());
  t.notOk(names.some((name) => name.includes('10.64.0.0/16')));
});

t.test('a prefix that somebody else made is no business of ours', async (t) => {
  const site = machine(t);
  const first = await direct(t, site);
  await first.daemon.stop();
  await site.state.remove();
  const next = await direct(t, site, 'global_defs {\n  lvs_stop keep\n}\n');
  t.equal(next.daemon.director.status.known.size, 0);
  t.equal((await next.engine.forwarder.read()).size, FILE);
});
