/** What a million sessions take: bytes of the tables of a process that has them, by family and method; and the engine's own process when empty. */
import { built, jsonLines } from './native.js';

const MOST_BYTES = 64;

interface Memory {
  readonly family: string;
  readonly method: string;
  readonly sessions: number;
  readonly tableBytes: number;
  readonly residentBytes: number;
  readonly processBytes: number;
}

const [program = ''] = built('memory-bench');
const all = jsonLines(program, []) as readonly Memory[];

console.log('\n### Memory of sessions\n');
console.log('| sessions | bytes each: reserved | touched | the whole process, MB |\n| --- | --- | --- | --- |');
for (const { family, method, sessions, tableBytes, residentBytes, processBytes } of all) {
  const each = (bytes: number): string => (bytes / sessions).toFixed(1);
  console.log(
    `| ${sessions} of ${family}, ${method} | ${each(tableBytes)} | ${each(residentBytes)} | ${(processBytes / 1e6).toFixed(0)} |`,
  );
}
console.log(`\nWanted: ≤ ${MOST_BYTES} bytes a session`);
