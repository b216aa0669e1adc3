/** The face, with the real engine: files in, files out. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { replay } from '../../../src/cli/replay.js';
import { readCapture } from '../../../src/replay/pcap.js';
import type { ReplayState } from '../../../src/replay/report.js';

const cases = fileURLToPath(new URL('../../../../test/conformance/vpp/cases/', import.meta.url));
const capture = (name: string, file = 'input.pcap'): string => join(cases, name, file);
const script = (name: string): string => join(cases, name, 'config.cli');

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(...args: readonly string[]): Ran {
  const told = { out: '', err: '' };
  const output = { out: (text: string) => void (told.out += text), err: (text: string) => void (told.err += text) };
  try {
    return { status: replay(args, output, {}), ...told };
  } catch (error) {
    return { status: 1, out: told.out, err: `${told.err}${(error as Error).message}` };
  }
}

const folderOf = (t: { teardown(run: () => void): void }): string => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-replay-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
};
const stateIn = (folder: string): ReplayState =>
  JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as ReplayState;
const framesIn = (file: string): number => {
  const read = readCapture(readFileSync(file));
  return 'frames' in read ? read.frames.length : -1;
};

t.test('a VPP script', (t) => {
  const folder = folderOf(t);
  const ran = run(
    '--vpp',
    script('t_ip4_gre4'),
    '--in',
    `pg0=${capture('t_ip4_gre4')}`,
    '--out-dir',
    join(folder, 'new'),
  );
  t.strictSame(ran, { status: 0, out: '', err: '' });
  t.strictSame(readdirSync(join(folder, 'new')).sort(), ['pg1.pcap', 'state.json'], 'pg0 sent nothing');
  t.equal(framesIn(join(folder, 'new', 'pg1.pcap')), 100);
  const state = stateIn(join(folder, 'new'));
  t.match(state, { dropped: {}, sent: { pg1: 100 }, passed: {}, sessions: { live: 100 } });
  t.equal(
    state.services[0]?.servers.reduce((sum, { packetsIn }) => sum + packetsIn, 0),
    100,
  );
  t.end();
});

t.test('twice the same is the same, byte by byte', (t) => {
  const folder = folderOf(t);
  for (const name of ['a', 'b'])
    run('--vpp', script('t_ip6_gre6'), '--in', `pg0=${capture('t_ip6_gre6')}`, '--out-dir', join(folder, name));
  t.ok(readFileSync(join(folder, 'a', 'pg1.pcap')).equals(readFileSync(join(folder, 'b', 'pg1.pcap'))));
  t.end();
});

t.test('what is dropped is counted by reason', (t) => {
  const folder = folderOf(t);
  run('--vpp', script('e_gre4_badcsum'), '--in', `pg0=${capture('e_gre4_badcsum')}`, '--out-dir', folder);
  t.strictSame(stateIn(folder).dropped, { bad_ip_checksum: 5 });
  t.end();
});

const topology = {
  interfaces: [
    { name: 'pg0', mac: '02:fe:00:00:00:01', mtu: 1500, addresses: ['172.16.1.1/24'] },
    { name: 'pg1', mac: '02:fe:00:00:00:02', mtu: 1500, addresses: ['172.16.2.1/24'] },
  ],
  routes: [{ to: '10.0.0.0/24', via: '172.16.2.2', dev: 'pg1' }],
  neighbours: [{ ip: '172.16.2.2', mac: '02:02:00:00:ff:02', dev: 'pg1' }],
};

t.test("a file of ours: the kernel's services are carried too, and a note says so", (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'T.json'), JSON.stringify(topology));
  writeFileSync(
    join(folder, 'site.conf'),
    'virtual_server 90.0.0.0 20000 {\n  protocol UDP\n  lvs_sched rr\n  lvs_method NAT\n  real_server 10.0.0.1 3307 {\n    weight 1\n  }\n}\n',
  );
  const ran = run(
    '-f',
    join(folder, 'site.conf'),
    '--topology',
    join(folder, 'T.json'),
    '--in',
    `pg0=${capture('t_ip4_gre4')}`,
    '--out-dir',
    join(folder, 'out'),
  );
  t.equal(ran.status, 0);
  t.match(ran.err, /udp 90\.0\.0\.0:20000 is the kernel's; the userspace engine stands in for it/);
  t.match(stateIn(join(folder, 'out')), { sent: { pg1: 1 }, passed: { pg0: 99 } });
  t.end();
});

t.test('steps: lines typed between captures, answers printed, a folder at each out', (t) => {
  const folder = folderOf(t);
  const steps = join(folder, 'steps');
  writeFileSync(
    steps,
    [
      `in pg0 ${capture('s_as_del_keeps_flows', 'input1.pcap')}`,
      'run lb as 90.0.0.0/8 10.0.0.2 del',
      `out ${join(folder, 'first')}`,
      'run show lb vips',
      `in pg0 ${capture('s_as_del_keeps_flows', 'input2.pcap')}`,
      'wait 60',
      'run show lb vips',
      'run lb-add lb0 30.0.0.1:80 10.0.0.1:80',
      'run ls-lb-add pg0 lb0',
      'run lb-list',
      `out ${join(folder, 'second')}`,
    ].join('\n'),
  );
  const ran = run('--vpp', script('s_as_del_keeps_flows'), '--script', steps);
  t.equal(ran.err, '');
  t.equal(ran.status, 0);
  t.match(
    ran.out,
    /new_size:1024 #as:5\n[^]*new_size:1024 #as:4\n/,
    'a removed server is forgotten with its last flow',
  );
  t.match(ran.out, /lb0 {17}tcp {8}30\.0\.0\.1:80/);
  t.equal(framesIn(join(folder, 'first', 'pg1.pcap')), 100);
  t.equal(framesIn(join(folder, 'second', 'pg1.pcap')), 200, 'only what came since');
  t.match(stateIn(join(folder, 'second')).services.at(-1), { service: /^(any 90|tcp 30)/ });
  t.end();
});

t.test('what is refused is told with its place; the rest is done, and the exit status says so', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'bad.cli');
  writeFileSync(
    file,
    `${readFileSync(script('t_ip4_gre4'), 'utf8')}\nlb vip 91.0.0.0/8 new_len 0\nset interface state pg7 up\n`,
  );
  const ran = run('--vpp', file, '--in', `pg0=${capture('t_ip4_gre4')}`, '--out-dir', folder);
  t.equal(ran.status, 1);
  t.match(ran.err, /bad\.cli:\d+: lb vip: new_len must be a power of two/);
  t.match(ran.err, /bad\.cli:\d+: set interface state pg7 up: there is no interface 'pg7'/);
  t.equal(framesIn(join(folder, 'pg1.pcap')), 100);
  t.end();
});

t.test('what cannot be done, as a sentence', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'T.json'), '{"interfaces":[]}');
  writeFileSync(join(folder, 'x.pcap'), 'no capture at all');
  const good = ['--vpp', script('t_ip4_gre4')];
  const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /which site/],
    [['-f', 'x'], 2, /-f needs --topology/],
    [[...good, '--topology', 'x'], 2, /--vpp says everything/],
    [good, 2, /what comes in/],
    [[...good, '--in', 'pg0=x'], 2, /--out-dir/],
    [[...good, '--in', 'pg0', '--out-dir', folder], 2, /IF=PCAP/],
    [[...good, '--sessions', 'many', '--in', 'pg0=x', '--out-dir', folder], 2, /--sessions/],
    [[...good, '--in', 'pg7=x', '--out-dir', folder], 1, /no interface 'pg7' in the topology; it has pg0, pg1/],
    [[...good, '--in', `pg0=${join(folder, 'none.pcap')}`, '--out-dir', folder], 1, /none\.pcap: /],
    [[...good, '--in', `pg0=${join(folder, 'x.pcap')}`, '--out-dir', folder], 1, /neither pcap nor pcapng/],
    [['-f', script('t_ip4_gre4'), '--topology', join(folder, 'T.json'), '--in', 'a=b', '--out-dir', folder], 1, /./],
    [[...good, '--in', `pg0=${capture('t_ip4_gre4')}`, '--out-dir', join(folder, 'x.pcap')], 1, /cannot be written/],
  ];
  for (const [args, status, complaint] of rows) {
    const ran = run(...args);
    t.equal(ran.status, status, args.join(' '));
    t.match(ran.err, complaint);
  }
  t.equal(run('--help').status, 0);
  t.end();
});
