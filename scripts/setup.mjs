// Makes a checkout ready on a machine that has only Node, npm and apt; does only what is missing and says what it does.
// `node scripts/setup.mjs demo`: to build and to show; `node scripts/setup.mjs`: also what tests and benchmarks need.
// Plain JavaScript without dependencies: nothing is installed or compiled yet. `npm test` and `npm run demo` begin with it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const isForTests = process.argv[2] !== 'demo';

/** Program or file → the Debian package that has it. The lab installs for itself what only its kernels need. */
const toBuild = {
  'g++': 'g++',
  make: 'make',
  '/usr/bin/python3': 'python3',
  ip: 'iproute2',
  nft: 'nftables',
  modprobe: 'kmod',
  '/etc/protocols': 'netbase', // nft speaks of protocols by name
  sysctl: 'procps',
};
const toTest = {
  ipvsadm: 'ipvsadm',
  // fuzzing needs libFuzzer
  'clang++-14': 'clang-14',
  '/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a': 'libclang-rt-14-dev',
  // the servers that checks are tested against, and the peer that we are measured with
  nginx: 'nginx-light',
  nghttpd: 'nghttp2-server',
  exim4: 'exim4-daemon-light',
  dnsmasq: 'dnsmasq-base',
  '/usr/lib/frr/bfdd': 'frr',
  keepalived: 'keepalived',
  openssl: 'openssl',
  // a real server that is looked at over ssh
  sshd: 'openssh-server',
  ethtool: 'ethtool',
  // the dashboard, terminals and shells, the packages, the fleet, the rules for Prometheus
  chromium: 'chromium',
  tmux: 'tmux',
  fish: 'fish',
  zsh: 'zsh',
  man: 'man-db',
  lintian: 'lintian',
  debootstrap: 'debootstrap',
  dh: 'debhelper',
  fakeroot: 'fakeroot',
  'dpkg-buildpackage': 'dpkg-dev',
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  bird: 'bird2',
  promtool: 'prometheus',
};
const programs = isForTests ? { ...toBuild, ...toTest } : toBuild;

function say(text) {
  console.error(`setup: ${text}`);
}

/** Runs a command quietly: what it says is shown only if it fails. */
function run(command, ...args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  if (error === undefined && status === 0) return true;
  console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
  return false;
}

function stop(text) {
  say(text);
  process.exit(1);
}

const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
const isInstalled = (program) =>
  program.startsWith('/') ? existsSync(program) : folders.some((folder) => existsSync(join(folder, program)));

function installPackages() {
  const missing = Object.keys(programs).filter((program) => !isInstalled(program));
  const packages = missing.map((program) => programs[program]);
  if (packages.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const byHand = `as root: apt-get update && apt-get ${install.join(' ')}`;
  if (process.getuid() !== 0) stop(`Debian packages are missing; ${byHand}`);
  say(`installing the Debian packages ${packages.join(', ')}`);
  process.env['DEBIAN_FRONTEND'] = 'noninteractive';
  const aptGet = (...args) => run('apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300', ...args);
  // Fresh machines have no package lists; old lists name packages that are gone.
  const listed = readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  const installed = withoutStarting(() => (listed && aptGet(...install)) || (aptGet('update') && aptGet(...install)));
  if (!installed) stop(`apt-get failed; ${byHand}`);
}

/** The servers are for tests, which start them: a package shall start none on this machine (invoke-rc.d(8), policy-rc.d). */
function withoutStarting(installing) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return installing();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return installing();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** When the newest file below a folder, or of one file, was written; 0 if there is none. */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  const below = readdirSync(path).filter((name) => name !== 'build' && name !== 'node_modules');
  return Math.max(statSync(path).mtimeMs, ...below.map((name) => newest(join(path, name))));
}

const at = (...names) => Math.max(...names.map((name) => newest(join(root, name))));
const written = (name) => (existsSync(join(root, name)) ? statSync(join(root, name)).mtimeMs : 0);

/**
 * The versions of the lock file. Not by `npm ci`: it refuses a lock file without the optional packages of other platforms,
 * and not every registry has those. npm writes node_modules/.package-lock.json last.
 */
function installModules() {
  if (written('node_modules/.package-lock.json') >= at('package-lock.json')) return;
  say('installing the npm packages');
  // without scripts: what they would build is built below, as far as it is needed
  if (!run('npm', 'install', '--no-save', '--no-audit', '--no-fund', '--include=dev', '--ignore-scripts'))
    stop("'npm install' failed");
}

/** Each stamp is written by scripts/build.mjs when a build has succeeded, also by that of `npm install`. */
function build(what, stamp, ...sources) {
  if (written(stamp) >= at(...sources)) return;
  say(`building ${what}`);
  if (!run(process.execPath, 'scripts/build.mjs', what)) stop(`'node scripts/build.mjs ${what}' failed`);
}

installPackages();
installModules();
build('native', 'native/build/stamp', 'native', 'scripts/build.mjs');
const sources = [
  'src',
  'test',
  'bench',
  'examples',
  'tsconfig.json',
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'scripts/code-cache.cjs',
];
if (isForTests) {
  build('typescript', 'build/stamp', ...sources);
  build('native-tests', 'build/test/native/stamp', 'native', 'scripts/build.mjs');
  build('fuzz', 'build/fuzz-stamp', 'native', 'scripts/build.mjs');
} else if (written('build/stamp') < at(...sources)) build('quick', 'build/quick-stamp', ...sources);
