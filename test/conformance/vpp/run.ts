/**
 * `npm run conformance:vpp -- DIR`: replays a folder of recorded cases of VPP's lb plugin through the userspace engine and checks for each
 * what its group must hold (cases/README.md). Prints a line for each case, why it failed below it, then `N passed, N failed`; exit
 * status 1 if any failed. Without DIR: our own copy beside this program. More words are patterns of the names to look at.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { caseNames, readCase } from './cases.js';
import { faultsOf } from './verdict.js';

const own = fileURLToPath(new URL('../../../../test/conformance/vpp/cases/', import.meta.url));
const [folder = own, ...patterns] = process.argv.slice(2);
if (!existsSync(folder)) {
  console.error(`${folder}: there is no such folder`);
  process.exit(2);
}
const names = caseNames(folder).filter(
  (name) => patterns.length === 0 || patterns.some((pattern) => new RegExp(pattern).test(name)),
);

/** Faults of one case that are printed. */
const MOST = 8;
let failed = 0;
for (const name of names) {
  const faults = faultsOfCase(name);
  if (faults.length > 0) failed++;
  console.log(`${faults.length === 0 ? 'pass' : 'FAIL'} ${name}`);
  for (const fault of faults.slice(0, MOST)) console.log(`     ${fault}`);
  if (faults.length > MOST) console.log(`     … and ${faults.length - MOST} more`);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || names.length === 0 ? 1 : 0;

function faultsOfCase(name: string): readonly string[] {
  try {
    return faultsOf(readCase(folder, name));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
