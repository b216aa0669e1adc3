/** The npm package: on a machine without a compiler it brings what it needs, and where that does not fit it is compiled. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { cleanRoot, inRoot, must, root, run, unlessCleanRoots } from './clean-root.js';

t.setTimeout(0); // whoever runs us sets the limit
const COMPILE_LIMIT_MS = 500_000;

t.test('the npm package', { skip: unlessCleanRoots() }, async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'lvsd-npm-'));
  t.teardown(() => rmSync(work, { recursive: true, force: true }));
  // as `npm pack`, but for compiling what has been compiled
  must([process.execPath, join(root, 'scripts/prebuilt.mjs'), 'collect']);
  must(['npm', 'pack', root, '--ignore-scripts', '--pack-destination', work]);
  const archive = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '');

  await t.test('what is in it', (t) => {
    const names = must(['tar', '-tf', archive]).split('\n');
    const has = (name: string): boolean => names.includes(`package/${name}`);
    const prebuilt = `build/prebuilt/${process.platform}-${process.arch}`;
    for (const name of [
      'bin/lvsd',
      'build/bundle/lvsd.cjs',
      'web/index.html',
      `${prebuilt}/lvsd.node`,
      'native/binding.gyp',
    ])
      t.ok(has(name), name);
    t.same(
      names.filter((name) => /^package\/(native\/build|native\/test|src|test|node_modules)\//.test(name)),
      [],
      'neither what a build leaves nor what only a checkout needs',
    );
    t.end();
  });

  await t.test('it is installed without a compiler, and runs', (t) => {
    const folder = cleanRoot(work, ['ca-certificates']);
    giveNode(folder);
    cpSync(archive, join(folder, 'root/lvsd.tgz'));
    const installed = inRoot(folder, ['npm', 'install', '--global', '--foreground-scripts', '/root/lvsd.tgz']);
    t.equal(installed.status, 0, installed.err);
    t.equal(inRoot(folder, ['which', 'gcc', 'g++', 'make', 'python3']).out, '');
    writeFileSync(join(folder, 'root/web.conf'), readFileSync(join(root, 'examples/web.conf')));
    t.match(inRoot(folder, ['lvsd', 'check', '-f', '/root/web.conf']), { status: 0, out: /1 virtual service/ });
    // the addon speaks with the kernel, which may have no IPVS
    t.match(inRoot(folder, ['ipvsadm', '-Ln']).err + inRoot(folder, ['ipvsadm', '-Ln']).out, /IP Virtual Server|IPVS/);
    const library = "import('lvsd/keepalived-conf').then((m) => console.log(Object.keys(m).length > 0))";
    const modules = inRoot(folder, ['npm', 'root', '--global']).out.trim();
    const used = inRoot(folder, ['sh', '-c', `cd ${modules}/lvsd && node -e "${library}"`]);
    t.equal(used.out.trim(), 'true', used.err);
    t.end();
  });

  await t.test('where what it brings does not fit, it is compiled', (t) => {
    must(['tar', '-xf', archive, '-C', work]);
    const folder = join(work, 'package');
    const built = join(folder, 'native/build/Release/lvsd.node');
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    // objects of our own build, which takes minutes; what is made of them is made anew
    must(['cp', '--archive', join(root, 'native/build'), join(folder, 'native')]);
    rmSync(built);
    writeFileSync(join(folder, `build/prebuilt/${process.platform}-${process.arch}/lvsd.node`), 'of another machine');
    const { status, err } = run(['npm', 'run', '--prefix', folder, 'install'], COMPILE_LIMIT_MS);
    t.equal(status, 0, err);
    t.match(err, /compiling its C\+\+ parts: the addon does not load/);
    t.ok(statSync(built).size > 100_000);
    t.match(run([process.execPath, join(folder, 'bin/lvsd'), 'check', '-f', join(root, 'examples/web.conf')]), {
      status: 0,
    });
    t.end();
  });
});

/** This Node and its npm: Debian 12 has none that is new enough. */
function giveNode(folder: string): void {
  cpSync(process.execPath, join(folder, 'usr/bin/node'));
  const npm = ['lib/node_modules/npm', 'share/nodejs/npm'].map((name) => join(dirname(process.execPath), '..', name));
  const found = npm.find((path) => existsSync(path)) ?? '';
  cpSync(found, join(folder, 'usr/lib/node_modules/npm'), { recursive: true });
  must(['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/bin/npm')]);
  const registry = must(['npm', 'config', 'get', 'registry']).trim();
  writeFileSync(join(folder, 'root/.npmrc'), `registry=${registry}\ncafile=/etc/ssl/certs/ca-certificates.crt\n`);
  const ours = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(ours)) cpSync(ours, join(folder, ours), { dereference: true });
}
