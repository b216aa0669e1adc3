// Bundles each command into one CommonJS file under build/bundle, which starts faster than a tree of modules. Plain JavaScript: it runs in builds.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Bundle's name: its first module, and a harmless use that goes the way most starts go. */
const commands = {
  ipvsadm: { entry: 'src/cli/ipvsadm/main.ts', use: ['-Ln'] },
  lvsd: { entry: 'src/main.ts', use: ['--help'] },
  'lvsd-check': { entry: 'src/main-check.ts', use: ['check', '-f', join(root, 'examples/web.conf')] },
};

/** fastify is as large as all the rest, and only a daemon that serves the API needs it, when its start is over: a bundle of its own; its path is as bin/run-bundle.cjs sees it. */
const fastify = { 'lvsd-fastify': 'node_modules/fastify/fastify.js' };
const fastifyApart = {
  name: 'fastify-apart',
  setup(build) {
    build.onResolve({ filter: /^fastify$/ }, () => ({ path: '../build/bundle/lvsd-fastify.cjs', external: true }));
  },
};

const present = Object.entries(commands).filter(([, { entry }]) => existsSync(join(root, entry)));

await build({
  absWorkingDir: root,
  entryPoints: { ...Object.fromEntries(present.map(([name, { entry }]) => [name, entry])), ...fastify },
  plugins: [fastifyApart],
  outdir: 'build/bundle',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  sourcemap: false,
  logLevel: 'warning',
  // CommonJS has no import.meta; modules that look for files beside themselves find those beside the bundle.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
});

for (const [name, { use }] of present)
  spawnSync(process.execPath, [join(root, 'scripts/code-cache.cjs'), name, ...use], {
    stdio: 'ignore',
    timeout: 10_000,
  });
