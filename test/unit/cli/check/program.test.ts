import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { site } from '../../../helpers/configuration.js';

/** The program as it is installed: bin/lvsd runs what scripts/bundle.mjs made. */
const lvsd = join(import.meta.dirname, '../../../../../bin/lvsd');

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], input = ''): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [lvsd, ...args], { input, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

t.test('lvsd check: exit status and streams', (t) => {
  const folder = t.testdir({ right: site(), logged: site({ service: 'alpha now' }), wrong: site({ service: 'beta' }) });
  const file = (name: string): string => `${folder}/${name}`;
  t.match(run(['check', '-f', file('right')]), { status: 0, out: /1 virtual services, 2 real servers\n$/, err: '' });
  t.match(run(['check', '-f', file('wrong')]), {
    status: 1,
    out: '',
    err: /wrong:9:1: 'beta' is no keyword.*\n +9 \| beta\n +\| \^~~~\n$/,
  });
  t.match(run(['check', '-f', file('logged'), '--strict']), { status: 1 });
  t.match(run(['check', '-f', file('logged'), '--keepalived-exit-codes']), { status: 5 });
  t.match(run(['check', '-f', file('absent'), '--keepalived-exit-codes']), { status: 4 });
  t.match(run(['check']), { status: 2, err: /^lvsd: which file\? -f FILE\nusage:/ });
  const json = run(['check', '-f', file('wrong'), '--json']);
  t.match(json, { status: 1, err: '' });
  t.match(JSON.parse(json.out), { ok: false, diagnostics: [{ line: 9, column: 1 }] });
  t.end();
});

t.test('lvsd convert: from standard input, through a pipe, and back', (t) => {
  const lines = '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.1.0.1:80 -g -w 3\n';
  const there = run(['convert', '--from', 'ipvsadm', '--to', 'lvsd'], lines);
  t.match(there, { status: 0, err: '', out: /virtual_server 192\.0\.2\.1 80 \{/ });
  t.strictSame(run(['convert', '--from', 'lvsd', '--to', 'ipvsadm', '-'], there.out), {
    status: 0,
    out: lines,
    err: '',
  });
  t.match(run(['convert', '--from', 'ipvsadm', '--to', 'lvsd'], '-a -t 192.0.2.1:80 -r 10.1.0.1 -w many'), {
    status: 1,
    out: '',
    err: /^-:1:35: illegal/,
  });
  t.match(run(['convert']), { status: 2, err: /^lvsd convert: --from/ });
  t.match(run(['convert', '--help']), { status: 0, out: /^usage: lvsd convert/ });
  t.end();
});
