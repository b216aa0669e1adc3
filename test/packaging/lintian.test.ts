/** What Debian says of our package. */
// mostly waits
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { debianPackage, must, run, unlessCleanRoots } from './clean-root.js';

t.setTimeout(0); // whoever runs us sets the limit

t.test('the Debian package', { skip: unlessCleanRoots() }, async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'lvsd-lintian-'));
  t.teardown(() => rmSync(work, { recursive: true, force: true }));
  const made = debianPackage(work);

  await t.test('lintian has nothing to say', (t) => {
    const { out, status } = run(['lintian', '--fail-on', 'error,warning', made], 400_000);
    t.same([status, out.trim()], [0, '']);
    t.end();
  });

  await t.test('what it says of itself', (t) => {
    const field = (name: string): string => must(['dpkg-deb', '--field', made, name]).trim();
    t.equal(field('Package'), 'lvsd');
    t.match(field('Depends'), /nftables.*libc6/);
    t.notMatch(field('Depends'), /nodejs/, 'it brings its own');
    const names = must(['dpkg-deb', '--contents', made]);
    for (const name of [
      'man/man8/lvsd.8.gz',
      'bash-completion/completions/lvsctl',
      'lvsd/grafana/',
      'lvsd/prometheus/lvsd.rules.yml',
    ])
      t.ok(names.includes(`./usr/share/${name}`), name);
    t.notMatch(names, /\/(src|test)\//);
    t.end();
  });
});
