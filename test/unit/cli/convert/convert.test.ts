import * as fc from 'fast-check';
import t from 'tap';
import { convert, type ConvertWorld } from '../../../../src/cli/convert/convert.js';
import { readConfiguration } from '../../../../src/config/read.js';
import { fixtureNames, recordedCases } from '../ipvsadm/fixtures.js';
import { tableLines as sorted, tableText } from './tables.js';

const names: ConvertWorld['names'] = {
  hostByName: (name) => (name === 'web1.example' ? '10.1.0.1' : undefined),
  hostByAddress: () => undefined,
  serviceByName: (name) => (name === 'http' ? 80 : undefined),
  serviceByPort: () => undefined,
};

interface Told {
  readonly status: number;
  readonly out: string;
  readonly err: readonly string[];
}

/** What is said of a text on standard input; excerpts are left out. */
function converted(args: string, text: string, known = names): Told {
  const said = { out: '', err: '' };
  const output = { out: (more: string) => void (said.out += more), err: (more: string) => void (said.err += more) };
  const status = convert(args.split(' '), output, {}, { names: known, standardInput: () => text, terminal: false });
  const complaints = said.err.split('\n').filter((line) => line !== '' && !/^ *\d* \| /.test(line));
  return { status, out: said.out, err: complaints };
}

const accepted = (text: string): boolean => readConfiguration({ file: 'f', text }).configuration !== undefined;

t.test('ipvsadm lines as a configuration', (t) => {
  const { status, out, err } = converted(
    '--from ipvsadm --to lvsd',
    `-A -t 192.0.2.1:80 -s sh -p 300 -M 255.255.255.0 -b sh-port,sh-fallback
-a -t 192.0.2.1:80 -r 10.1.0.1:8080 -m -w 2
-a -t 192.0.2.1:80 -r 10.1.0.2:80 -i --tun-type gue --tun-port 6080 --tun-csum -x 100 -y 50
-A -f 7 -6 -s rr -o
-a -f 7 -6 -r [2001:db8::1]:0 -g -w 1
--set 900 0 300
`,
  );
  t.strictSame([status, err], [0, []]);
  t.equal(
    out,
    `# Made by 'lvsd convert' from ipvsadm lines.
# No server is checked yet: put a check, such as TCP_CHECK, into each real_server.

global_defs {
    lvs_timeouts tcp 900 udp 300
}

virtual_server 192.0.2.1 80 {
    lvs_sched sh
    sh-fallback
    sh-port
    lvs_method NAT
    protocol TCP
    persistence_timeout 300
    persistence_granularity 255.255.255.0
    real_server 10.1.0.1 8080 {
        weight 2
    }
    real_server 10.1.0.2 80 {
        weight 1
        lvs_method TUN type gue port 6080 csum
        uthreshold 100
        lthreshold 50
    }
}

virtual_server fwmark 7 {
    lvs_sched rr
    lvs_method DR
    ops
    real_server 2001:db8::1 {
        weight 1
    }
}
`,
  );
  t.ok(accepted(out));
  t.end();
});

t.test('a table, a configuration, a table: the same', (t) => {
  fc.assert(
    fc.property(tableText, (text) => {
      const there = converted('--from ipvsadm --to lvsd', text);
      t.strictSame([there.status, there.err], [0, []], text);
      if (!accepted(there.out)) throw new Error(there.out);
      const back = converted('--from lvsd --to ipvsadm', there.out);
      t.strictSame([back.status, back.err], [0, []], there.out);
      t.strictSame(sorted(back.out), sorted(text));
      t.equal(converted('--from ipvsadm --to ipvsadm', text).out, back.out, 'in one step');
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('tables that the original ipvsadm was recorded to save', (t) => {
  const saved = new Set(
    recordedCases().flatMap(({ steps }) =>
      steps
        .filter(({ argv, rc }) => rc === 0 && (argv[1] === '-S' || argv[1] === '--save'))
        .map(({ stdout }) => stdout),
    ),
  );
  // Names cut at 59 characters, names of IPv6 hosts and marks above 2147483647 are what no ipvsadm -R takes back.
  const told = [...saved].map((text) => converted('--from ipvsadm --to lvsd', text, fixtureNames()));
  const taken = told.filter(({ status }) => status === 0);
  t.ok(taken.length > 5, `${taken.length} of ${saved.size}`);
  for (const { out } of taken) {
    t.ok(accepted(out), out);
    const back = converted('--from lvsd --to ipvsadm', out);
    t.strictSame([back.status, back.err], [0, []]);
    t.equal(converted('--from ipvsadm --to ipvsadm', back.out).out, back.out, 'from there on the same');
  }
  for (const { status, out, err } of told.filter((one) => one.status !== 0)) {
    t.strictSame([status, out], [1, '']);
    t.ok(
      err.some((one) => /illegal|Zero port|invalid fwmark/.test(one)),
      err.join('\n'),
    );
  }
  t.end();
});

/** What has no counterpart is said at its line, and stands as a comment in what is accepted all the same. */
const lossy: readonly [name: string, text: string, says: readonly RegExp[]][] = [
  [
    'a service without servers',
    '-A -t 192.0.2.1:80 -s rr',
    [/^-:1:1: warning: tcp 192.0.2.1:80: .*at least one real_server$/],
  ],
  [
    'a scheduler of another kernel',
    '-A -t 192.0.2.1:80 -s fancy\n-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g',
    [/^-:1:1: .*scheduler fancy/],
  ],
  [
    'a port that DR cannot change',
    '-A -f 1 -s rr\n-a -f 1 -r 10.1.0.1:80 -g\n-a -f 1 -r 10.1.0.1:81 -g',
    [
      /^-:2:1: .*port 80 of 10.1.0.1:80: packets go to 10.1.0.1:0/,
      /^-:3:1: .*server 10.1.0.1:81: 10.1.0.1:0 is there already/,
    ],
  ],
  [
    'a sync daemon of one role',
    '--start-daemon master --mcast-interface eth1',
    [/^-:1:1: .*only the master sync daemon/],
  ],
  [
    'thresholds that the kernel refuses',
    '-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g -y 5',
    [/^-:2:1: .*lower threshold 5/],
  ],
  ['a line that changes nothing', '-L -n', [/^-:1:1: .*'-L -n' changes no table/]],
];
for (const [name, text, says] of lossy)
  t.test(`no counterpart: ${name}`, (t) => {
    const { status, out, err } = converted('--from ipvsadm --to lvsd', text);
    t.equal(status, 0);
    t.match(err, says);
    t.equal(err.length, says.length, err.join('\n'));
    t.ok(accepted(out), out);
    if (!text.startsWith('-L')) t.match(out, /# not carried over from line \d/);
    t.equal(converted('--from ipvsadm --to lvsd --strict', text).status, 1, '--strict prints nothing');
    t.end();
  });

/** ipvsadm's own words, at the word they are about. */
const refused: readonly [name: string, text: string, says: readonly RegExp[]][] = [
  [
    'a bad weight',
    '-A -t 192.0.2.1:80\n  -a -t 192.0.2.1:80 -r 10.1.0.1 -g -w many',
    [/^-:2:40: illegal weight specified$/],
  ],
  ['an unknown option', '-A -t 192.0.2.1:80 --shed rr', [/^-:1:20: --shed: unknown option$/]],
  ['no command', 'hello', [/^-:1:1: Try `ipvsadm -h'/]],
  ['twice the same service', '-A -t 192.0.2.1:80 -s rr\n-A -t 192.0.2.1:80 -s lc', [/^-:2:1: .*exists/]],
  ['a server without its service', '-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g', [/^-:1:1: .*not defined/]],
  ['two mistakes', '-A -t 1.2.3:x\n-A -t 192.0.2.1:99999', [/^-:1:7: illegal virtual/, /^-:2:7: illegal virtual/]],
];
for (const [name, text, says] of refused)
  t.test(`refused: ${name}`, (t) => {
    const { status, out, err } = converted('--from ipvsadm --to lvsd', text);
    t.strictSame([status, out], [1, '']);
    t.match(err, says);
    t.equal(err.length, says.length, err.join('\n'));
    t.end();
  });

t.test('names of hosts and services, edits and deletions, as ipvsadm -R plays them', (t) => {
  const text = `-A -t 192.0.2.1:http -s rr
-a -t 192.0.2.1:http -r web1.example:http -g -w 1
-a -t 192.0.2.1:http -r 10.1.0.2:http -g -w 1
-E -t 192.0.2.1:http -s wlc
-e -t 192.0.2.1:http -r web1.example:http -g -w 9
-d -t 192.0.2.1:http -r 10.1.0.2:http
`;
  const { out } = converted('--from ipvsadm --to ipvsadm', text);
  t.equal(out, '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g -w 9\n');
  t.end();
});

t.test('a configuration as lines: what a table does not hold is said', (t) => {
  const { status, out, err } = converted(
    '--from lvsd --to ipvsadm',
    `virtual_server_group web {
192.0.2.1-2 80
fwmark 5
}
virtual_server group web {
lvs_sched wrr
lvs_method NAT
protocol TCP
quorum 2
sorry_server 10.9.0.1 80
real_server 10.1.0.1 8080 {
weight 3
TCP_CHECK {
}
}
real_server 10.1.0.2 8080 {
TCP_CHECK {
}
}
}
`,
  );
  t.equal(status, 0);
  t.equal(
    out,
    ['-t 192.0.2.1:80', '-t 192.0.2.2:80', '-f 5']
      .map(
        (service) =>
          `-A ${service} -s wrr\n-a ${service} -r 10.1.0.1:8080 -m -w 3\n-a ${service} -r 10.1.0.2:8080 -m -w 1\n`,
      )
      .join(''),
  );
  t.match(err, [
    /^-:5:1: warning: quorum has no counterpart/,
    /^-:10:14: .*sorry_server/,
    /^-:13:1: .*TCP_CHECK .*\(here and in 1 more place\)/,
  ]);
  t.end();
});

t.test('our language, written evenly', (t) => {
  const text = `$VIP=192.0.2.1
virtual_server \${VIP} 80 { # the site
  lvs_sched   rr
lvs_method NAT
protocol TCP
real_server 10.1.0.1 80 { weight 2 }
}
`;
  const { status, out } = converted('--from keepalived --to lvsd', text);
  t.equal(status, 0);
  t.match(out, /^virtual_server 192.0.2.1 80 \{ # the site\n {4}lvs_sched rr\n/m);
  t.match(out, /^ {4}real_server 10.1.0.1 80 \{\n {8}weight 2\n {4}\}\n\}\n/m);
  t.ok(accepted(out));
  t.match(converted('--from lvsd --to lvsd', text.replace('rr', 'rrr')), {
    status: 1,
    out: '',
    err: [/^-:3:15: 'rrr'/],
  });
  t.end();
});

t.test('the command line', (t) => {
  t.match(converted('--help', ''), { status: 0, out: /^usage: lvsd convert/ });
  for (const [args, says] of [
    ['--to lvsd', /--from ipvsadm\|ldirectord\|lvsd\?/],
    ['--from perl --to lvsd', /--from is ipvsadm, ldirectord, lvsd, not 'perl'/],
    ['--from lvsd --to ldirectord', /--to is lvsd, ipvsadm, not 'ldirectord'/],
    ['--from lvsd --to ipvsadm a b', /'b' is one word too many/],
  ] as const)
    t.match(converted(args, ''), { status: 2, err: [says] }, args);
  t.match(converted('--from keepalived --to ipvsadm /nowhere/at-all', ''), { status: 1, err: [/cannot be read/] });
  t.end();
});

t.test('any text at all: an answer, and never a configuration that is refused', (t) => {
  const words = fc.constantFrom(
    '-A',
    '-a',
    '-t',
    '-r',
    '-s',
    'rr',
    '192.0.2.1:80',
    '10.1.0.1',
    '-p',
    '-M',
    '--set',
    '5',
    '-f',
    '-6',
    '\0',
    '"',
    '{',
  );
  const lines = fc.array(
    fc.array(fc.oneof(words, fc.string()), { maxLength: 9 }).map((line) => line.join(' ')),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(lines, (lines) => {
      const { status, out } = converted('--from ipvsadm --to lvsd', lines.join('\n'));
      t.ok(status === 1 ? out === '' : accepted(out), out);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('a service of the userspace engine is no ipvsadm line', (t) => {
  const block = (address: string, ...words: readonly string[]): string =>
    `virtual_server ${address} 80 {\nprotocol TCP\nlvs_sched mh\nlvs_method DR\n${words.join('\n')}\nreal_server 10.1.0.1 80 {\n}\n}\n`;
  const text = block('192.0.2.0/24', 'lvs_engine userspace') + block('192.0.2.1');
  const { status, out, err } = converted('--from lvsd --to ipvsadm', text);
  t.equal(status, 0);
  t.equal(out, '-A -t 192.0.2.1:80 -s mh\n-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g -w 1\n');
  t.strictSame(err, [
    '-:1:1: warning: virtual_server 192.0.2.0/24 80, lvs_engine userspace, has no counterpart in ipvsadm lines',
  ]);
  t.end();
});
