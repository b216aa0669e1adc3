import t from 'tap';
import { judge, type Run } from '../../run/outcome.js';

const run = (stdout: string, rest: Partial<Run> = {}): Run => ({
  file: 'x.test.js',
  ms: 1,
  stdout,
  stderr: '',
  ...rest,
});
const tap = (...lines: string[]): string => ['TAP version 14', ...lines, ''].join('\n');

const good = tap(
  '# Subtest: a',
  '    # Subtest: a1',
  '        ok 1 - x',
  '        ok 2 - y',
  '        1..2',
  '    ok 1 - a1',
  '    ok 2 - beside',
  '    ok 3 - later # SKIP not here',
  '    1..3',
  'ok 1 - a',
  'ok 2 - bare',
  '1..2',
);
const red = tap(
  '# Subtest: a',
  '    not ok 1 - x',
  '      ---',
  '      diff: "+1"',
  '      ...',
  '    1..1',
  'not ok 1 - a',
  '1..1',
);

t.test('a test is a subtest without subtests, or a bare assertion', (t) => {
  t.same(judge(run(good)), { passed: 2, failed: 0, skipped: 1, reasons: new Map([['not here', 1]]), failures: [] });
  t.end();
});

t.test('a failure is told with its path, its facts, and what stood on stderr', (t) => {
  const outcome = judge(run(red, { trouble: 'exit status 1', stderr: 'a warning\n' }));
  t.match(outcome, { passed: 0, failed: 1, skipped: 0 });
  t.same(outcome.failures, ['a > x\n    diff: +1', 'stderr:\n    a warning']);
  t.end();
});

const troubles: [string, Run, string | RegExp][] = [
  ['says nothing', run(''), /not whole TAP|ran no test/],
  ['runs no test', run(tap('1..0')), 'ran no test'],
  ['crashes after its tests', run(good, { trouble: 'killed by SIGSEGV' }), 'killed by SIGSEGV'],
  ['hangs', run(tap('ok 1 - x'), { trouble: 'hung: killed after 3 s' }), 'hung: killed after 3 s'],
  ['stops before its plan is fulfilled', run(tap('1..3', 'ok 1 - x')), /not whole TAP/],
  ['ends with another status than its tests say', run(good, { trouble: 'exit status 1' }), 'exit status 1'],
  ['crashes and has a failed test', run(red, { trouble: 'killed by SIGABRT' }), 'killed by SIGABRT'],
];
for (const [what, ran, reason] of troubles) {
  t.test(`a file that ${what} has failed`, (t) => {
    const { failed, failures } = judge(ran);
    t.equal(failed, 1);
    t.ok(
      failures.some((failure) => failure.match(reason)),
      failures.join('\n'),
    );
    t.end();
  });
}
