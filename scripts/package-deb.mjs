// Builds the Debian package: node scripts/package-deb.mjs [--version VERSION] [--output FOLDER] [--fast], by default build/package/lvsd_VERSION_ARCH.deb.
// It packs what has been built (scripts/setup.mjs, or scripts/build.mjs all) with the Node that runs it; prints the package's path.
// --version: another one than package.json's. --fast: compressed less. Plain JavaScript: it runs in builds.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { licensesOf, packageFiles } from './package-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({
  options: { version: { type: 'string' }, output: { type: 'string' }, fast: { type: 'boolean', default: false } },
});
const { version = manifest.version, output = join(root, 'build/package'), fast } = values;

/** Below packaging/ → below /usr/share. */
const shared = {
  'man/lvsctl.1': 'man/man1/lvsctl.1',
  'man/lvsd.8': 'man/man8/lvsd.8',
  'man/lvsd.conf.5': 'man/man5/lvsd.conf.5',
  'completion/lvsctl.bash': 'bash-completion/completions/lvsctl',
  'completion/_lvsctl': 'zsh/vendor-completions/_lvsctl',
  'completion/lvsctl.fish': 'fish/vendor_completions.d/lvsctl.fish',
  grafana: 'lvsd/grafana',
  'prometheus/lvsd.rules.yml': 'lvsd/prometheus/lvsd.rules.yml',
};

function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error === undefined && status === 0) return stdout;
  console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
  console.error(`package-deb: ${command} ${args.join(' ')} failed`);
  process.exit(1);
}

/** Programs find Node where the package has it; shell scripts stay as they are. */
function withOwnNode(program) {
  const text = readFileSync(program, 'utf8');
  if (!/^#!\/(usr\/bin\/env node|bin\/sh)\n/.test(text))
    throw new Error(`${program} has another first line than expected`);
  writeFileSync(program, text.replace('#!/usr/bin/env node', '#!/usr/lib/lvsd/node'));
  chmodSync(program, 0o755);
}

/** Debian's changelog begins with the version that is built. */
function changelog() {
  const kept = readFileSync(join(root, 'packaging/debian/changelog'), 'utf8');
  if (kept.startsWith(`lvsd (${version}) `)) return kept;
  const date = new Date().toUTCString().replace('GMT', '+0000');
  return `lvsd (${version}) bookworm; urgency=medium\n\n  * Built from a checkout.\n\n -- lvsd maintainers <lvsd@example.org>  ${date}\n\n${kept}`;
}

/** Everything that is installed, at its place below `payload`. */
function layOut(payload) {
  const home = join(payload, 'usr/lib/lvsd');
  for (const [from, to] of packageFiles(root))
    cpSync(from, join(home, to), { recursive: true, filter: (path) => !/\.d\.ts$|tsconfig\.json$/.test(path) });
  cpSync(process.execPath, join(home, 'node'));
  writeFileSync(join(home, 'package.json'), `${JSON.stringify({ name: 'lvsd', version }, undefined, 2)}\n`);
  for (const program of Object.values(manifest.bin)) withOwnNode(join(home, program));
  cpSync(join(root, 'packaging/systemd/systemd-stop'), join(home, 'systemd-stop'));

  mkdirSync(join(payload, 'usr/bin'), { recursive: true });
  for (const program of ['lvsd', 'lvsctl'])
    run('ln', ['-s', `../lib/lvsd/bin/${program}`, join(payload, 'usr/bin', program)]);
  mkdirSync(join(payload, 'etc/lvsd'), { recursive: true });
  cpSync(join(root, 'packaging/lvsd.conf'), join(payload, 'etc/lvsd/lvsd.conf'));

  for (const [from, to] of Object.entries(shared))
    cpSync(join(root, 'packaging', from), join(payload, 'usr/share', to), { recursive: true });

  const docs = join(payload, 'usr/share/doc/lvsd');
  cpSync(join(root, 'docs'), docs, { recursive: true, filter: (path) => !path.endsWith('/decisions') });
  cpSync(join(root, 'examples'), join(docs, 'examples'), {
    recursive: true,
    filter: (path) => !/\/demo$|\.ts$/.test(path),
  });
  writeFileSync(join(docs, 'third-party-licenses'), licensesOf(root));
}

const architecture = run('dpkg', ['--print-architecture']).trim();
const work = mkdtempSync(join(tmpdir(), 'lvsd-package-'));
try {
  const tree = join(work, 'lvsd');
  const debian = join(tree, 'debian');
  cpSync(join(root, 'packaging/debian'), debian, { recursive: true });
  for (const name of ['lvsd.service', 'lvsd.sysusers'])
    cpSync(join(root, 'packaging/systemd', name), join(debian, name));
  writeFileSync(join(debian, 'changelog'), changelog());
  const control = readFileSync(join(debian, 'control'), 'utf8');
  writeFileSync(join(debian, 'control'), control.replace('@ARCHITECTURE@', architecture));
  layOut(join(tree, 'payload'));
  const env = { ...process.env, LVSD_DEB_COMPRESSION: fast ? '-Zgzip -z1' : '-Zxz -z6' };
  run('dpkg-buildpackage', ['--build=binary', '--no-sign', '--no-check-builddeps'], { cwd: tree, env });
  const name = `lvsd_${version}_${architecture}.deb`;
  if (!existsSync(join(work, name))) throw new Error(`${name} was not built`);
  mkdirSync(output, { recursive: true });
  cpSync(join(work, name), join(output, `.${name}`));
  renameSync(join(output, `.${name}`), join(output, name));
  console.log(join(output, name));
} finally {
  rmSync(work, { recursive: true, force: true });
}
