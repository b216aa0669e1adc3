/**
 * Imported first, this runs a test file on a machine of its own as far as networks go: network namespaces with any names, its own
 * processes, /run and /tmp as everybody's. What it starts ends with it. Without the right to do so the file is skipped.
 */
import { spawnSync } from 'node:child_process';

const INSIDE = 'LVSD_TEST_ON_OWN_MACHINE';
const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** ip(8) keeps the names of namespaces here. */
const prepare =
  'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && mkdir -p /run/lvsd && mount -t tmpfs tmpfs /run/lvsd && ip link set lo up && exec "$@"';

if (process.env[INSIDE] === undefined) {
  const may = spawnSync('unshare', [...namespaces, 'sh', '-c', prepare, 'sh', 'true'], { encoding: 'utf8' });
  if (may.status !== 0) {
    console.log(`TAP version 14\n1..0 # SKIP no namespaces of its own: ${may.error?.message ?? may.stderr.trim()}`);
    process.exit(0);
  }
  const again = [
    ...namespaces,
    'sh',
    '-c',
    prepare,
    'sh',
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const { status } = spawnSync('unshare', again, { stdio: 'inherit', env: { ...process.env, [INSIDE]: 'yes' } });
  process.exit(status ?? 1);
}
