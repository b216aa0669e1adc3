// Builds what a checkout needs: `node scripts/build.mjs native|sanitized|native-tests|fuzz|typescript|quick|all`. Plain JavaScript: it runs before anything is compiled.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Node's own headers, where Node was installed with them; otherwise node-gyp fetches them. */
function nodeDirectory() {
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

const gyp = (directory, env = {}) =>
  run(
    process.execPath,
    [
      require.resolve('node-gyp/bin/node-gyp.js'),
      '-C',
      directory,
      'configure',
      'build',
      '--silent',
      '--jobs=max',
      ...nodeDirectory(),
    ],
    { env: { ...process.env, ...env } },
  );

/** Says when a build succeeded, for scripts/setup.mjs: what is newer than this must be built again. */
const stamp = (path) => writeFileSync(join(root, path), '');

const targets = {
  native() {
    gyp('native');
    stamp('native/build/stamp');
  },
  /** With AddressSanitizer and UBSan, beside the other: build/sanitized/native/build/Release/lvsd.node. */
  sanitized() {
    cpSync(join(root, 'native'), join(root, 'build/sanitized/native'), {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !path.endsWith('/native/build'),
    });
    gyp('build/sanitized/native', { LVSD_SANITIZE: 'yes' });
  },
  /** C++ tests of the engine, sanitized: build/test/native/NAME-test. */
  'native-tests'() {
    run('make', ['-C', 'native/test', '--silent', '-j2']);
    stamp('build/test/native/stamp');
  },
  /** The fuzzers of the engine: build/fuzz/NAME. Where there is no libFuzzer, none; their test says so. */
  fuzz() {
    if (spawnSync('clang++-14', ['--version'], { stdio: 'ignore' }).status === 0)
      run('make', ['-C', 'native/fuzz', '--silent', '-j2']);
    stamp('build/fuzz-stamp');
  },
  typescript() {
    run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', '.']);
    run(process.execPath, [join(root, 'scripts/bundle.mjs')]);
    stamp('build/stamp');
  },
  /** The same JavaScript as `typescript` in a second: nobody looks at the types. For who only wants to see it run. */
  quick() {
    rmSync(join(root, 'build/tsbuildinfo'), { force: true }); // it would tell tsc that what stands here is its own
    const { buildSync } = require('esbuild');
    const entryPoints = ['src', 'test', 'examples'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(root, folder, name)),
    );
    buildSync({
      entryPoints,
      outbase: root,
      outdir: join(root, 'build'),
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
    });
    run(process.execPath, [join(root, 'scripts/bundle.mjs')]);
    stamp('build/quick-stamp');
  },
  all() {
    targets.native();
    targets.typescript();
  },
};

const target = targets[process.argv[2]];
if (target === undefined) {
  console.error('usage: node scripts/build.mjs native|sanitized|native-tests|fuzz|typescript|quick|all');
  process.exit(2);
}
target();
