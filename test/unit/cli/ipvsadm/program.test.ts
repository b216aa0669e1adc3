import t from 'tap';
import { calledAs } from '../../../../src/cli/ipvsadm/program.js';

const PATH = '/usr/sbin:/opt/lvsd/bin:/bin';
const commandLine = (...words: string[]): string => words.map((word) => `${word}\0`).join('');

t.test('what we were called as', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['/opt/lvsd/bin/ipvsadm', 'ipvsadm'],
    ['./ipvsadm', './ipvsadm'],
    ['../bin/ipvsadm', '../bin/ipvsadm'],
    ['/home/me/bin/ipvsadm', '/home/me/bin/ipvsadm'],
    ['other', 'other'],
  ];
  for (const [word, expected] of rows) {
    const argv = ['/usr/bin/node', '/opt/lvsd/bin/ipvsadm', '-A', ''];
    t.equal(calledAs(argv, PATH, commandLine('node', word, '-A', '')), expected, word);
    t.equal(calledAs(argv, PATH, commandLine('node', '--cpu-prof', word, '-A', '')), expected, `node option, ${word}`);
  }
  t.equal(calledAs(['/usr/bin/node', '/opt/lvsd/bin/ipvsadm'], PATH, ''), 'ipvsadm', 'no /proc');
  t.end();
});
