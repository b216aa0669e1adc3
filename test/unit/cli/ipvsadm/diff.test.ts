import t from 'tap';
import { differences, playFile } from '../../../../src/cli/ipvsadm/diff.js';
import { type Stage, stageOf } from '../../../../src/cli/ipvsadm/play.js';
import { fixtureNames } from './fixtures.js';

const names = fixtureNames();
const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
const empty = (): Stage => stageOf([], timeouts, []);

function played(...files: string[]): { stage: Stage; notes: string[] } {
  const stage = empty();
  const notes: string[] = [];
  for (const text of files) playFile(stage, text, { program: 'ipvsadm', names, note: (note) => notes.push(note) });
  return { stage, notes };
}

const table =
  '-A -t 192.0.2.10:80 -s wrr\n' +
  '-a -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 10\n' +
  '-a -t 192.0.2.10:80 -r 192.0.2.12:8080 -m -w 0\n' +
  '-A -f 7 -6 -s sh -b flag-3\n';

t.test('the same lines again change nothing and are not worth a word', (t) => {
  const { stage, notes } = played(table, table);
  t.equal(differences(played(table).stage, stage, names), '');
  t.strictSame(notes, []);
  t.end();
});

t.test('what would come, go, and be otherwise', (t) => {
  const before = played(table).stage;
  const after = played(
    table,
    '-e -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 3 -x 9\n' +
      '-d -t 192.0.2.10:80 -r 192.0.2.12:8080\n' +
      '-a -t 192.0.2.10:80 -r 192.0.2.13 -i --tun-type gre --tun-csum\n' +
      '-E -t 192.0.2.10:80 -s rr -p 60\n' +
      '-D -f 7 -6\n' +
      '-A -u 192.0.2.10:53 -o\n' +
      '--set 0 0 30\n' +
      '--start-daemon backup --syncid 7\n',
  ).stage;
  t.equal(
    differences(before, after, names),
    '~ --set 900 120 300 => 900 120 30\n' +
      '+ --start-daemon backup --mcast-interface eth0 --syncid 7\n' +
      '~ -A -t 192.0.2.10:80 -s wrr => -t 192.0.2.10:80 -s rr -p 60\n' +
      '~ -a -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 10 => -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 3 -x 9\n' +
      '- -a -t 192.0.2.10:80 -r 192.0.2.12:8080 -m -w 0\n' +
      '+ -a -t 192.0.2.10:80 -r 192.0.2.13:80 -i -w 1 --tun-type gre --tun-csum\n' +
      '+ -A -u 192.0.2.10:53 -s wlc -o\n' +
      '- -A -f 7 -6 -s sh -b flag-3\n',
  );
  t.end();
});

t.test('what the kernel would refuse is told, and changes nothing', (t) => {
  const { stage, notes } = played(
    table,
    '-A -t 192.0.2.10:80 -s rr\n-E -t 192.0.2.99:80\n-d -t 192.0.2.10:80 -r 192.0.2.99:80\n-a -f 9 -r 192.0.2.1\n-A --bogus\n',
  );
  t.equal(differences(played(table).stage, stage, names), '');
  t.strictSame(notes, [
    'Service already exists: -A -t 192.0.2.10:80 -s rr',
    'No such service: -E -t 192.0.2.99:80',
    'No such destination: -d -t 192.0.2.10:80 -r 192.0.2.99:80',
    'Service not defined: -a -f 9 -r 192.0.2.1',
    '--bogus: unknown option: -A --bogus',
  ]);
  t.end();
});

t.test('-C and the same table is the same table; a line that would end -R ends this too', (t) => {
  t.equal(differences(played(table).stage, played(table, `-C\n${table}`).stage, names), '');
  t.throws(() => played('-A -t bad:bad\n'), { message: 'illegal virtual server address[:port] specified' });
  t.throws(() => played('-R\n'), { message: "Try `ipvsadm -h' or 'ipvsadm --help' for more information." });
  t.end();
});

t.test('a server the kernel found to be local stays local whatever is asked', (t) => {
  const stage = played(table).stage;
  const servers = stage.services.get('tcp 192.0.2.10:80')?.servers;
  const server = servers?.get('192.0.2.11:80');
  if (server !== undefined) server.settings = { ...server.settings, method: 'local' };
  const notes: string[] = [];
  playFile(stage, table, { program: 'ipvsadm', names, note: (note) => notes.push(note) });
  t.strictSame(notes, []);
  t.equal(server?.settings.method, 'local');
  t.end();
});
