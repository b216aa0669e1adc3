/**
 * packaging/ — what is built from a checkout, installed where nothing of it was: a clean Debian that debootstrap makes.
 * clean-root.ts makes one, clean-machine.ts boots it with systemd as its first process; *.test.ts install our packages there.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../helpers/program.js';

export const root = join(import.meta.dirname, '../../..');
const SECOND = 1000;
const MAKE_LIMIT_MS = 400 * SECOND;

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. `why` goes into the error of `must`. */
export function run(command: readonly string[], limitMs = 300 * SECOND): Ended {
  const [program, ...args] = command as [string, ...string[]];
  const options = { encoding: 'utf8', timeout: limitMs, maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  return { status: status ?? -1, out: stdout, err: `${stderr}${error?.message ?? ''}` };
}

/** @throws unless it succeeds */
export function must(command: readonly string[], limitMs?: number): string {
  const { status, out, err } = run(command, limitMs);
  if (status !== 0) throw new Error(`${command.join(' ')}: status ${status}\n${out}\n${err}`);
  return out;
}

/** For the `skip` of a test: why there can be no clean machine here, or false. */
export function unlessCleanRoots(): string | false {
  if (process.geteuid?.() !== 0) return 'only root may make a machine';
  const missing = ['debootstrap', 'nsenter', 'dpkg-buildpackage', 'lintian'].find(
    (name) => findProgram(name) === undefined,
  );
  return missing === undefined ? false : `${missing} is not installed`;
}

/** What apt of this machine takes its packages from. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
    '/etc/apt/sources.list',
  ];
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, 'utf8');
    const found =
      /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text) ??
      /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s+bookworm\s/m.exec(text);
    if (found?.[1] !== undefined) return found[1];
  }
  throw new Error('apt of this machine has no mirror of Debian');
}

/** A fresh Debian 12 in a folder below `place`. Nothing runs in it. */
export function cleanRoot(place: string, packages: readonly string[] = []): string {
  const folder = join(place, 'root');
  const more = packages.length === 0 ? [] : [`--include=${packages.join(',')}`];
  must(['debootstrap', '--variant=minbase', ...more, 'bookworm', folder, mirror()], MAKE_LIMIT_MS);
  copyFileSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'));
  return folder;
}

/** A program in a root where no systemd runs, with this machine's network. */
export const inRoot = (folder: string, command: readonly string[], limitMs = MAKE_LIMIT_MS): Ended =>
  run(
    ['unshare', '--mount', 'sh', '-ec', 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"', folder, ...command],
    limitMs,
  );

/** Builds a Debian package of what is built here; its path. */
export const debianPackage = (output: string, version?: string): string =>
  must(
    [
      ...[process.execPath, join(root, 'scripts/package-deb.mjs'), '--fast', '--output', output],
      ...(version === undefined ? [] : ['--version', version]),
    ],
    MAKE_LIMIT_MS,
  ).trim();
