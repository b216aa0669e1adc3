/** bin/ipvsadm-save and bin/ipvsadm-restore, and bin/ipvsadm as a process of its own. */
import { join } from 'node:path';
import t from 'tap';
import { goldenFolder } from '../../unit/cli/ipvsadm/fixtures.js';
import { Namespace } from './namespace.js';

t.setTimeout(0);

const bin = join(goldenFolder, '../../../bin');
const service = '-A -t 192.0.2.10:80 -s rr\n';
const server = '-a -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 3\n';

t.test('save and restore', async (t) => {
  await using namespace = await Namespace.create();
  const run = (stdin: string, name: string, ...args: string[]): readonly [number, string, string] => {
    const { rc, stdout, stderr } = namespace.run([join(bin, name), ...args], { env: process.env, stdin });
    return [rc, stdout, stderr];
  };
  t.strictSame(run('', 'ipvsadm', '-A', '-u', '192.0.2.1:53'), [0, '', '']);
  t.strictSame(
    run(`# a comment\n${service}\n${server}`, 'ipvsadm-restore', 'ignored', '-x'),
    [0, '', ''],
    'restore clears first, leaves out lines that begin with #, and ignores its arguments',
  );
  t.strictSame(run('', 'ipvsadm-save', 'ignored', '-n'), [0, service + server, ''], 'save takes -n and ignores words');
  t.strictSame(
    run('', 'ipvsadm-save', '-x'),
    [
      1,
      '',
      'ipvsadm-save: Script to save the IPVS table to stdout.\n   With the -n option, prints out the table in numeric format.\n',
    ],
    'any other option gets the help',
  );
  t.strictSame(
    run(service, 'ipvsadm', '-R'),
    [255, '', 'Service already exists\n'],
    'standard input, exit code and error',
  );
  t.strictSame(
    run('', 'ipvsadm', '-x'),
    [255, '', `Try \`${bin}/ipvsadm -h' or '${bin}/ipvsadm --help' for more information.\n`],
    'the path it was called by',
  );
  t.strictSame(run('', 'ipvsadm', '--diff', '/dev/null'), [0, '', ''], '--diff of nothing is no difference');
});
