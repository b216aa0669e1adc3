// Bundles each command into one CommonJS file under build/bundle, which starts faster than a tree of modules. Plain JavaScript: it runs in builds.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Bundle's name: its first module. lvsd comes when its main exists. */
const entries = {
  ipvsadm: 'src/cli/ipvsadm/main.ts',
  lvsd: 'src/main.ts',
};

const present = Object.entries(entries).filter(([, entry]) => existsSync(join(root, entry)));

await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(present),
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
