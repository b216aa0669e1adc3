/** libFuzzer on everything of the engine that reads bytes from strangers, and on its control socket: `LVSD_FUZZ_SECONDS=3600 node build/test/native/fuzz.test.js` for an hour. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const seconds = process.env['LVSD_FUZZ_SECONDS'] ?? '30';
const names = readdirSync(`${root}native/fuzz`)
  .filter((file) => file.endsWith('_fuzz.cc'))
  .map((file) => file.slice(0, -'_fuzz.cc'.length));
const LIMIT_MS = 1000 * (Number(seconds) + 60);

t.setTimeout(names.length * LIMIT_MS);
if (spawnSync('clang++-14', ['--version']).status !== 0)
  t.test('fuzzing', { skip: 'no clang++-14: no libFuzzer' }, (t) => t.end());
else {
  for (const name of names) {
    t.test(`${name}, ${seconds} s`, (t) => {
      const corpus = `${root}build/fuzz/corpus/${name}`;
      mkdirSync(corpus, { recursive: true });
      const artifacts = `-artifact_prefix=${root}build/fuzz/${name}-`;
      const args = [`-max_total_time=${seconds}`, '-max_len=4096', '-print_final_stats=1', artifacts, corpus];
      const { status, stderr } = spawnSync(`${root}build/fuzz/${name}`, args, { encoding: 'utf8', timeout: LIMIT_MS });
      const executions = /number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? '0';
      t.comment(`${name}: ${executions} executions`);
      t.equal(status, 0, stderr.slice(-6000));
      t.ok(Number(executions) >= 10, `${executions} executions`);
      t.end();
    });
  }
}
