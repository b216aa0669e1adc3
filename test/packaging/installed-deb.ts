/**
 * Imported first, before own-machine.js, which leaves the network that packages come from: builds our package in two versions and installs the
 * first, by one command, in a clean root; what became of it is told. All of it is gone when the test ends. Where that cannot be the file is skipped.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cleanRoot, debianPackage, type Ended, inRoot, must, root, unlessCleanRoots } from './clean-root.js';

export interface InstalledDeb {
  readonly versions: readonly [string, string];
  /** Paths of both packages. */
  readonly packages: readonly [string, string];
  /** The root that the first is installed in. */
  readonly folder: string;
  readonly installed: Ended;
}

const PLACE = 'LVSD_TEST_INSTALLED_DEB';

if (process.env[PLACE] === undefined) {
  const reason = unlessCleanRoots();
  if (reason !== false) {
    console.log(`TAP version 14\n1..0 # SKIP ${reason}`);
    process.exit(0);
  }
  const work = mkdtempSync(join(tmpdir(), 'lvsd-deb-'));
  process.once('exit', () => rmSync(work, { recursive: true, force: true }));
  process.env[PLACE] = work;
  writeFileSync(join(work, 'told.json'), JSON.stringify(prepare(work)));
}

export const { versions, packages, folder, installed } = JSON.parse(
  readFileSync(join(process.env[PLACE] ?? '', 'told.json'), 'utf8'),
) as InstalledDeb;

function prepare(work: string): InstalledDeb {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const versions = [version, `${version}+1`] as const;
  const packages = [debianPackage(work), debianPackage(work, versions[1])] as const;
  const folder = cleanRoot(work);
  copyFileSync(packages[0], join(folder, 'root', basename(packages[0])));
  const install = ['apt-get', 'install', '-y', '--no-install-recommends'];
  const installed = inRoot(folder, [...install, `/root/${basename(packages[0])}`]);
  // to be booted, and looked at
  const more = inRoot(folder, [...install, 'systemd-sysv', 'procps', 'iproute2']);
  if (more.status !== 0) throw new Error(more.err);
  must(['cp', packages[1], join(folder, 'root')]);
  return { versions, packages, folder, installed };
}
