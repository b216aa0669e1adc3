/** What a guest may do to the host: nothing, outside its own folders. These tests run on the host and look from there. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { run } from './topology.js';

const lab = (options: readonly string[], script: string) =>
  run(['test/lab/lab', ...options, '--', 'bash', '-c', script], { limitMs: 900_000 });

for (const kernel of ['uml', 'qemu']) {
  t.test(
    `${kernel}: a guest may write any file, and the host's stays as it was, but for the folders of -w`,
    async (t) => {
      t.equal((await run(['test/lab/lab', '-k', kernel, '-n'], { limitMs: 900_000 })).status, 0, 'the kernel is there');
      const folder = mkdtempSync(join(tmpdir(), 'lvsd-isolation-'));
      t.teardown(() => {
        rmSync(folder, { recursive: true });
      });
      mkdirSync(join(folder, 'shared'));
      writeFileSync(join(folder, 'precious'), 'as it was, ');
      const script = [
        `cd ${folder} && cat precious && echo overwritten >precious && cat precious`,
        'echo new >created && cat created',
        'echo result >shared/result',
        'rm -r /etc && ! ls /etc 2>/dev/null',
        'exit 7',
      ].join('\n');
      const ran = await lab(['-k', kernel, '-w', join(folder, 'shared')], script);
      t.equal(ran.stdout, 'as it was, overwritten\nnew\n');
      t.equal(ran.stderr, '');
      t.equal(ran.status, 7, 'its exit status is ours');

      t.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'as it was, ');
      t.notOk(existsSync(join(folder, 'created')));
      t.ok(existsSync('/etc/passwd'));
      t.equal(readFileSync(join(folder, 'shared/result'), 'utf8'), 'result\n');
    },
  );
}

t.test('uml: mounting the host once more does not help, where we may mount at all', async (t) => {
  if ((await run(['unshare', '--mount', 'true'])).status !== 0) {
    t.plan(0, 'mounting is not permitted here');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-isolation-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'precious'), 'as it was');
  const ran = await lab([], `mount -t hostfs none /mnt && echo overwritten >/mnt${folder}/precious`);
  t.match(ran.stderr, /Read-only file system/);
  t.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'as it was');
});

t.test('host: the same walls by namespaces alone, tried on the kernel of a guest', async (t) => {
  const inner = 'echo overwritten >/srv/precious; cat /srv/precious; ip -br link; cat /proc/net/ip_vs | wc -l; exit 7';
  const outer = `echo as it was >/srv/precious; ip link add outer0 type dummy
    test/lab/lab -k host -- bash -c '${inner}'; echo $?; cat /srv/precious`;
  const ran = await lab([], outer);
  t.match(ran.stdout, /^overwritten\nlo .*\n3\n7\nas it was\n$/);
  t.notMatch(ran.stdout, 'outer0');
});

t.test('a guest that does not end is stopped, and the reason told', async (t) => {
  const ran = await lab(['-t', '40'], 'echo begun; sleep 300');
  t.equal(ran.stdout, 'begun\n');
  t.match(ran.stderr, /stopped before the command ended \(limit 40 s\)/);
  t.equal(ran.status, 125);
});
