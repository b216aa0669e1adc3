/** The programs of native/bench, built when a benchmark needs them. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const nativeBench = `${root}build/bench/native`;

/** Paths of programs of native/bench that are up to date now. @throws if they cannot be built */
export function built(...names: readonly string[]): readonly string[] {
  const { status, stderr } = spawnSync(
    'make',
    ['-C', `${root}native/bench`, '-s', '-j2', ...names.map((name) => `../../build/bench/native/${name}`)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`make: ${stderr}`);
  return names.map((name) => `${nativeBench}/${name}`);
}

/** What a program of native/bench says: a JSON object a line. @throws if it fails */
export function jsonLines(program: string, args: readonly string[]): readonly unknown[] {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
