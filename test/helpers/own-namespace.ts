/**
 * Imported first, this runs a test file in a network namespace of its own, which has only its loopback: every port is free, every
 * address may be had, and what is done to the network there is undone by its end. Without the right to do so the file is skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';

const INSIDE = 'LVSD_TEST_IN_OWN_NAMESPACE';

if (process.env[INSIDE] === undefined) {
  const may = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  if (may.status !== 0) {
    console.log(
      `TAP version 14\n1..0 # SKIP no network namespace of its own: ${may.error?.message ?? may.stderr.trim()}`,
    );
    process.exit(0);
  }
  const again = ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', again, { stdio: 'inherit', env: { ...process.env, [INSIDE]: 'yes' } });
  process.exit(status ?? 1);
}

/** `ip(8)` with words as they are typed. */
export const ip = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8' });

ip('link set lo up');
