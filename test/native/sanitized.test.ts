/** The tests of the native socket once more, on a build with AddressSanitizer and UndefinedBehaviorSanitizer. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tests = ['netlink', 'datagrams', 'dialer'].map((name) => `build/test/unit/addon/${name}.test.js`);

t.test('the sanitized build', (t) => {
  execFileSync(process.execPath, ['scripts/build.mjs', 'sanitized'], { cwd: root, stdio: 'pipe' });
  const library = (name: string): string =>
    execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  for (const test of tests) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [test], {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        LVSD_ADDON: `${root}build/sanitized/native/build/Release/lvsd.node`,
        LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
        // V8 keeps what it allocated until the process ends; leaks are looked for in the C++ tests that have no V8.
        ASAN_OPTIONS: 'detect_leaks=0',
      },
    });
    t.equal(status, 0, `${test}\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`);
    t.notMatch(stderr, /ERROR: AddressSanitizer|runtime error:/);
  }
  t.end();
});
