// The C++ parts for who installs the npm package and has no compiler. Plain JavaScript without dependencies: npm runs it before anything else is there.
// node scripts/prebuilt.mjs collect   what has been built, for the package that is about to be packed (npm's `prepack`)
// node scripts/prebuilt.mjs install   puts it in its place where it fits this machine, and compiles where it does not (npm's `install`)
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const prebuilt = join(root, 'build/prebuilt', `${process.platform}-${process.arch}`);
const place = join(root, 'native/build/Release');
const programs = ['lvsd-dataplane', 'lvsd-launch'];
const files = ['lvsd.node', ...programs];

const run = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' });

/** Why the prebuilt files cannot be used; undefined: they can. Each is tried: that finds another libc, an older one, and a damaged file. */
function misfit() {
  if (existsSync(join(root, 'src'))) return 'this is a checkout';
  if (files.some((name) => !existsSync(join(prebuilt, name))))
    return `there is nothing prebuilt for ${process.platform}-${process.arch}`;
  // binding.gyp: -march=x86-64-v2
  if (
    process.arch === 'x64' &&
    !/^flags\s*:(?=.* sse4_2\b)(?=.* popcnt\b)/m.test(readFileSync('/proc/cpuinfo', 'latin1'))
  )
    return 'this processor has no SSE 4.2';
  for (const name of programs) chmodSync(join(prebuilt, name), 0o755);
  if (run(process.execPath, '-e', 'require(process.argv[1])', join(prebuilt, 'lvsd.node')).status !== 0)
    return 'the addon does not load';
  // without arguments they say so
  if (run(join(prebuilt, 'lvsd-dataplane')).status !== 2) return 'the engine does not run';
  if (run(join(prebuilt, 'lvsd-launch')).status !== 127) return 'the launcher does not run';
  return undefined;
}

const targets = {
  collect() {
    rmSync(dirname(prebuilt), { recursive: true, force: true });
    mkdirSync(prebuilt, { recursive: true });
    for (const name of files) {
      cpSync(join(place, name), join(prebuilt, name));
      spawnSync('strip', ['--strip-unneeded', join(prebuilt, name)], { stdio: 'ignore' }); // smaller, where there is a strip
    }
  },
  install() {
    const why = misfit();
    if (why === undefined) return cpSync(prebuilt, place, { recursive: true });
    console.error(`lvsd: compiling its C++ parts: ${why}`);
    process.exit(
      spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), 'native'], { stdio: 'inherit' }).status ?? 1,
    );
  },
};

const target = targets[process.argv[2]];
if (target === undefined) {
  console.error('usage: node scripts/prebuilt.mjs collect|install');
  process.exit(2);
}
target();
