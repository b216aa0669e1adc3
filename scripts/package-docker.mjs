// Builds a container image of the Debian package of this checkout: node scripts/package-docker.mjs [--tag NAME], by default lvsd:VERSION. Needs docker.
// Plain JavaScript: it runs in builds.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({ options: { tag: { type: 'string', default: `lvsd:${version}` } } });

function run(command, args, stdout) {
  const {
    status,
    error,
    stdout: said,
  } = spawnSync(command, args, { stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' });
  if (error === undefined && status === 0) return said;
  console.error(`package-docker: ${command} failed${error === undefined ? '' : `: ${error.message}`}`);
  process.exit(1);
}

const context = mkdtempSync(join(tmpdir(), 'lvsd-image-'));
process.once('exit', () => rmSync(context, { recursive: true, force: true }));
const made = run(process.execPath, [join(root, 'scripts/package-deb.mjs'), '--output', context], 'pipe').trim();
cpSync(join(root, 'packaging/docker/Dockerfile'), join(context, 'Dockerfile'));
run('docker', ['build', '--build-arg', `PACKAGE=${basename(made)}`, '--tag', values.tag, context], 'inherit');
