import t from 'tap';
import { parse } from '../../../../src/cli/ipvsadm/parse.js';
import { Refusal } from '../../../../src/cli/ipvsadm/refusal.js';
import { fixtureNames, recordedCases } from './fixtures.js';

const names = fixtureNames();
const split = (line: string): string[] =>
  line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word));
const refusal = (line: string): readonly [string, number] | undefined => {
  const parsed = parse('ipvsadm', split(line), names);
  return parsed instanceof Refusal ? [parsed.message, parsed.exitCode] : undefined;
};

t.test('every recorded line that ipvsadm refused by itself is refused in the same words, and no other', (t) => {
  for (const { id, steps } of recordedCases())
    for (const { argv, rc, stderr, env } of steps) {
      if (env === true || argv[0] !== 'ipvsadm') continue;
      const parsed = parse('ipvsadm', argv.slice(1), names);
      const name = `${id}: ${argv.join(' ').slice(0, 120)}`;
      const restoring = argv[1] === '-R' || argv[1] === '--restore';
      if (parsed instanceof Refusal) t.strictSame([`${parsed.message}\n`, parsed.exitCode], [stderr, rc], name);
      else if (!restoring) t.not(rc, 2, name);
    }
  t.end();
});

t.test('checks come in the order of the original', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['-A -t 192.0.2.10:1 -b nosuch foo', 'unexpected argument foo'],
    ['-A -t 192.0.2.10:1 -b nosuch -n', "invalid scheduler flag `nosuch'"],
    ['-A -b nosuch', "invalid scheduler flag `nosuch'"],
    ['-A -t 192.0.2.10 -b sh-port', "incompatible scheduler flag `sh-port'"],
    ['-A -t 192.0.2.10 -o', 'Zero port specified for non-persistent service'],
    [
      '-L --daemon --timeout -c -t 1.1.1.1:1',
      "The option 'service-address' conflicts with the 'connection' option in the 'list' command",
    ],
    ['-L -t 1.1.1.1:1 -s rr --daemon', "Illegal 'scheduler' option with the 'list' command"],
    ['-a -w 1 -s rr', "You need to supply the 'service-address' option for the 'add-server' command"],
    ['-a -t 1.1.1.1:1 -r [::5]:80 --tun-type gre', 'Different address family is allowed only for tunneling servers'],
    ['-a -t 1.1.1.1:1 -r 2.2.2.2 -g --tun-csum', 'Tunnel options conflict with forward method'],
    [
      '-a -t 1.1.1.1:1 -r 2.2.2.2 -i --tun-type gre --tun-port 5 --tun-csum --tun-nocsum',
      "Illegal 'tun-port' option with the 'gre' tunnel type",
    ],
    ['--set x 6', '--set option requires 3 timeout values'],
    ['--set 5 6 7 8 -n', 'unexpected argument 8'],
    ['--set 5 -- -6 7', "invalid timeout value `-6' specified"],
    ['-A -t 192.0.2.10:80 -6', '-6 used before -f\n'],
    ['-A -t [::1]:7 -M 129', 'illegal ipv6 netmask specified'],
    ['-A -t 1.1.1.1:7 -M ::1', 'illegal virtual server persistent mask specified'],
    ['--start-daemon MASTER', 'illegal start-daemon parameter specified'],
    ['--stop-daemon x', 'illegal start_daemon specified'],
    ['--start-daemon master --mcast-group ff02::1%lo', "invalid IPv6 mcast-group `ff02::1%lo'"],
    ['--start-daemon master --mcast-group 224.1', "invalid IPv4 mcast-group `224.1'"],
    ['--start-daemon master --start-daemon backup', "invalid option `backup'"],
  ];
  for (const [line, text] of rows) t.strictSame(refusal(line), [text, 2], line);
  t.end();
});

t.test('the option library: what it complains of does not end a run of -R', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['-L -nqc', '-nqc: unknown option'],
    ['-Lnw', '-Lnw: missing argument'],
    ['-Ln=5', '-Ln=5: option does not take an argument'],
    ['-L ---', '---: unknown option'],
    ['-L --=5', '--=5: unknown option'],
    ['-A --tcp-servic 1.1.1.1:9', '--tcp-servic: unknown option'],
    ['-L --start-daemon', '--start-daemon: missing argument'],
  ];
  for (const [line, text] of rows) {
    const parsed = parse('ipvsadm', split(line), names);
    t.match(parsed, { message: text, exitCode: 255, endsRun: false }, line);
  }
  t.end();
});

t.test('what is not a command first gets the hint under the name we were called by', (t) => {
  for (const line of ['-n -L', '-V', 'foo', '--', '-L=3', '-h=1', "''"]) {
    const parsed = parse('./other', split(line), names);
    t.match(parsed, { message: "Try `./other -h' or './other --help' for more information.", exitCode: 255 }, line);
  }
  t.end();
});

t.test('no arguments are a listing with names', (t) => {
  t.match(parse('ipvsadm', [], names), { do: 'list', service: undefined, format: { numeric: false, view: 'plain' } });
  t.end();
});

t.test("a server: its port is what is known of the service when it is read, and -g and -i take the service's", (t) => {
  const server = (line: string): unknown => {
    const parsed = parse('ipvsadm', split(line), names);
    return parsed instanceof Refusal ? parsed.message : 'server' in parsed ? parsed.server : undefined;
  };
  t.strictSame(server('-a -t 1.1.1.1:80 -r 2.2.2.2 -m'), { address: '2.2.2.2', port: 80 });
  t.strictSame(server('-a -r 2.2.2.2 -t 1.1.1.1:80 -m'), { address: '2.2.2.2', port: 0 });
  t.strictSame(server('-a -r 2.2.2.2:8080 -t 1.1.1.1:80 -g'), { address: '2.2.2.2', port: 80 });
  t.strictSame(server('-a -f 7 -r 2.2.2.2:8080 -g'), { address: '2.2.2.2', port: 8080 });
  t.strictSame(server('-d -t 1.1.1.1:80 -r 2.2.2.2:8080'), { address: '2.2.2.2', port: 8080 });
  t.strictSame(server('-a -t 1.1.1.1:80 -r [2.2.2.2]:9 -m'), { address: '2.2.2.2', port: 80 });
  t.end();
});

t.test('an edit says everything anew', (t) => {
  t.match(parse('ipvsadm', split('-E -t 1.1.1.1:80'), names), {
    do: 'edit-service',
    settings: { scheduler: 'wlc', persistent: false, schedulerFlags: 0, onePacket: false, persistenceEngine: '' },
  });
  t.match(parse('ipvsadm', split('-e -t 1.1.1.1:80 -r 2.2.2.2'), names), {
    do: 'edit-server',
    settings: { method: 'direct-route', weight: 1, upperThreshold: 0, lowerThreshold: 0 },
  });
  t.end();
});

t.test('ours: --json, --all and --diff are strangers to every other command', (t) => {
  t.match(parse('ipvsadm', ['-L', '--json'], names), { do: 'list', format: { json: true } });
  t.match(parse('ipvsadm', ['-S', '--all'], names), { do: 'save', all: true });
  t.match(parse('ipvsadm', ['--diff', 'file'], names), { do: 'diff', file: 'file' });
  t.strictSame(refusal('-L --all'), ["Illegal 'all' option with the 'list' command", 2]);
  t.strictSame(refusal('-S --json'), ["Illegal 'json' option with the 'save' command", 2]);
  t.strictSame(refusal('--diff file -n'), ["Illegal 'numeric' option with the 'diff' command", 2]);
  t.end();
});
