import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { systemClock } from '../../../src/system/clock.js';
import { launcherPath } from '../../../src/system/launcher.js';
import { runScript, type ScriptOrder } from '../../../src/system/run-script.js';
import { FakeClock } from '../../helpers/fake-clock.js';

const node = process.execPath;
const isRoot = process.geteuid?.() === 0;
const onlyRoot = isRoot ? {} : { skip: 'only root may become somebody else' };

const shell = (text: string, more: Partial<ScriptOrder> = {}): ReturnType<typeof runScript> =>
  runScript({ argv: ['/bin/sh', '-c', text], timeoutMs: 60_000, ...more }, systemClock);

t.test('the exit status is told; words are not a shell line', async (t) => {
  const argv = [node, '-e', 'process.exit(process.argv[1] === "$HOME;x" ? 7 : 1)', '$HOME;x'];
  t.same(await runScript({ argv, timeoutMs: 60_000 }, systemClock), { status: 7 });
});

t.test('a script that cannot be started is a failure with a reason, never an exit status', async (t) => {
  const folder = t.testdir({ plain: 'exit 0\n', 'no-interpreter': '#!/nowhere/sh\n' });
  chmodSync(`${folder}/plain`, 0o755);
  chmodSync(`${folder}/no-interpreter`, 0o755);
  const run = (program: string): ReturnType<typeof runScript> =>
    runScript({ argv: [program], timeoutMs: 60_000 }, systemClock);
  t.same(await run('/nowhere/at-all'), { failed: 'it cannot be run: No such file or directory' });
  t.same(await run(`${folder}/no-interpreter`), { failed: 'it cannot be run: No such file or directory' });
  t.match(await run(`${folder}/plain`), { failed: /first line such as #!\/bin\/sh/ });
  t.match(await run('a\0b'), { failed: /null/ });
  t.same(await shell('exit 127'), { status: 127 }, "the script's own 127");
  t.same(await shell('echo exec 2 nonsense >&2; exit 127'), { status: 127, output: 'exec 2 nonsense' });
});

t.test('no descriptor left is a shortage, not a verdict on the script', async (t) => {
  const { output } = await shell(`ulimit -n 40; exec ${node} ${fileURLToPath(new URL('run-out.js', import.meta.url))}`);
  t.match(JSON.parse(output ?? ''), { failed: /EMFILE/, shortage: true });
});

t.test('both outputs are kept, up to 4096 bytes, and a lot of them blocks nobody', async (t) => {
  t.same(await shell('echo one; echo two >&2; exit 3'), { status: 3, output: 'one\ntwo' });
  const end = await shell(
    'i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done',
  );
  t.equal(end.output?.length, 4096);
});

t.test(
  'it has nothing to read, the root folder, and our environment without what loads or splits for others',
  async (t) => {
    process.env['LVSD_TEST_WORD'] = 'kept';
    process.env['LD_LIBRARY_PATH'] = '/nowhere';
    t.teardown(() => {
      delete process.env['LVSD_TEST_WORD'];
      delete process.env['LD_LIBRARY_PATH'];
    });
    const { output } = await shell('cat; pwd; echo "$LVSD_TEST_WORD-$LD_LIBRARY_PATH"; readlink /proc/self/fd/0');
    t.equal(output, '/\nkept-\n/dev/null');
  },
);

t.test('the umask is that of the script alone', async (t) => {
  const folder = t.testdir();
  await shell(`echo > ${folder}/file; umask`, { umask: 0o177 });
  t.equal(statSync(`${folder}/file`).mode & 0o777, 0o600);
  writeFileSync(`${folder}/ours`, '', { mode: 0o666 });
  t.not(statSync(`${folder}/ours`).mode & 0o077, 0);
  t.same((await shell('umask', { umask: 0o22 })).output, '0022');
});

t.test('as another user, with no group of ours', onlyRoot, async (t) => {
  const account = { uid: 65_534, gid: 65_534, groups: [] };
  t.equal((await shell('id -u; id -g; id -G', { account })).output, '65534\n65534\n65534');
  const more = { ...account, groups: [65_534, 4, 27] };
  t.equal((await shell('id -G', { account: more })).output, '65534 4 27');
  t.match(await shell('cat /etc/shadow', { account }), { status: 1, output: /Permission denied/ });
});

t.test("nothing of what a director that is not root may do is the script's", onlyRoot, (t) => {
  // as systemd gives it: AmbientCapabilities=CAP_NET_ADMIN CAP_SETUID CAP_SETGID
  const given = '+net_admin,+setuid,+setgid';
  const capable = [
    '--reuid=65533',
    '--regid=65533',
    '--clear-groups',
    `--inh-caps=${given}`,
    `--ambient-caps=${given}`,
  ];
  const asked = ['/bin/sh', 'sh', '-c', "sed -n 's/^\\(Uid\\|Cap[IPEA][a-z]*\\):\\t//p' /proc/self/status"];
  const run = (...who: string[]): string =>
    execFileSync('setpriv', [...capable, launcherPath(), '-', '-', ...who, ...asked], { encoding: 'utf8' });
  const none = '0000000000000000\n'.repeat(4);
  t.equal(run('65534', '65534', ''), `65534\t65534\t65534\t65534\n${none}`, 'another one');
  t.equal(run('-', '-', '-'), `65533\t65533\t65533\t65533\n${none}`, 'the same one');
  t.end();
});

t.test('who takes too long is ended with all of its group, and no timer is left', async (t) => {
  const clock = new FakeClock();
  const end = runScript({ argv: [node, '-e', 'setInterval(() => 0, 1e9)'], timeoutMs: 5000 }, clock);
  clock.advance(5000);
  t.same(await end, { failed: 'took longer than 5 s and was ended' });
  t.equal(clock.pending, 0);
});

/** Empty: it has just ended. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** Processes of a group that are not only waiting to be forgotten. */
const aliveIn = (group: number): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const [state, , of] = statOf(pid)
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(of) === group && state !== 'Z' && state !== 'X';
  });

t.test('who does not listen to SIGTERM is killed, and what it started too', async (t) => {
  const folder = t.testdir();
  const script = `trap "" TERM; (trap "" TERM; echo $$ > ${folder}/pid; sleep 100) & while :; do sleep 0.05; done`;
  const clock = new FakeClock();
  const end = runScript({ argv: ['/bin/sh', '-c', script], timeoutMs: 200 }, clock);
  const pid = (): string => (existsSync(`${folder}/pid`) ? readFileSync(`${folder}/pid`, 'utf8') : '');
  while (!pid().endsWith('\n')) await sleep(20);
  clock.advance(200);
  const group = Number(pid());
  await sleep(100);
  t.not(aliveIn(group).length, 0, 'SIGTERM does nothing to it');
  clock.advance(2000);
  t.same(await end, { failed: 'took longer than 0.2 s and was ended' });
  // the kernel ends them in its own time
  for (let i = 0; i < 1500 && aliveIn(group).length > 0; i++) await sleep(20);
  t.same(aliveIn(group), [], 'nobody of its group is left');
});

t.test('the signal ends it, before and while it runs', async (t) => {
  const stop = new AbortController();
  const end = shell('sleep 100', { signal: stop.signal });
  systemClock.after(50, () => stop.abort());
  t.same(await end, { failed: 'stopped' });
  t.same(await shell('sleep 100', { signal: AbortSignal.abort() }), { failed: 'stopped' });
});

t.test('what it leaves running holds nobody up and may go on writing', async (t) => {
  const folder = t.testdir();
  const end = await shell(
    `(while [ ! -e ${folder}/let ]; do sleep 0.05; done; echo later; echo alive > ${folder}/alive) & exit 0`,
  );
  t.same(end, { status: 0 }, 'its pipe is still open');
  writeFileSync(`${folder}/let`, '');
  while (!existsSync(`${folder}/alive`))
    await new Promise((resolve) => void systemClock.after(50, () => resolve(undefined)));
  t.pass('no SIGPIPE');
});
