/**
 * `npm run conformance:vrrp`: every capture of keepalived and FRR replayed through our reader and writer of adverts, then every pair of ours,
 * keepalived and FRR on a link of their own, in each way in which both can speak. Prints a line for each file of tests, why what failed below it,
 * then `N passed, N failed`; exit status 1 if any failed. More words are patterns of the names to run.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indent, judge } from '../../run/outcome.js';
import { runProcess } from '../../run/process.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
/** Alone, a file of pairs takes some minutes. */
const LIMIT_MS = 1_800_000;

const replays = testsIn('test/conformance/vrrp', '');
const pairs = testsIn('test/vrrp', 'interop-');
const patterns = process.argv.slice(2).map((pattern) => new RegExp(pattern));
const chosen = [...replays, ...pairs].filter((name) => patterns.length === 0 || patterns.some((one) => one.test(name)));

const total = { passed: 0, failed: 0 };
for (const name of chosen) {
  const file = join(root, 'build', name);
  const run = await runProcess(file, [process.execPath, file], LIMIT_MS);
  const { passed, failed, skipped, reasons, failures } = judge(run);
  total.passed += passed;
  total.failed += failed;
  const skips = [...reasons].map(([reason, count]) => `skipped ${count}: ${reason}`);
  console.log(`${failed === 0 ? 'pass' : 'FAIL'} ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  for (const line of [...skips, ...failures]) console.log(indent(line));
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Compiled tests whose source is there. */
function testsIn(folder: string, beginning: string): readonly string[] {
  const sources = readdirSync(join(root, folder)).filter(
    (name) => name.startsWith(beginning) && name.endsWith('.test.ts'),
  );
  return sources.map((name) => join(folder, name.replace(/ts$/, 'js'))).sort();
}
