import t from 'tap';
import { type Diagnostic, Diagnostics, formatDiagnostic, formatExcerpt } from '../../../src/config/diagnostics.js';
import { nearest } from '../../../src/config/nearest.js';

const at = (
  line: number,
  column: number,
  length = 1,
): { file: string; line: number; column: number; length: number } => ({
  file: 'f',
  line,
  column,
  length,
});

t.test('each complaint once, in the order of the text, errors counted', (t) => {
  const diagnostics = new Diagnostics();
  diagnostics.warning(at(3, 1), 'c');
  t.equal(diagnostics.hasErrors, false);
  diagnostics.error(at(1, 9), 'b', { expected: 'x' });
  diagnostics.error(at(1, 2), 'a', { suggestion: 'y' });
  diagnostics.error(at(1, 2), 'a');
  t.equal(diagnostics.hasErrors, true);
  t.strictSame(diagnostics.sorted(['f']).map(formatDiagnostic), [
    "f:1:2: a; did you mean 'y'?",
    'f:1:9: b, expected x',
    'f:3:1: warning: c',
  ]);
  t.end();
});

t.test('a caret stands below what is meant, behind tabs too', (t) => {
  const one: Diagnostic = {
    severity: 'error',
    kind: 'language',
    position: { file: 'f', line: 1, column: 9 },
    length: 2,
    message: 'm',
  };
  t.equal(formatExcerpt(one, '\tweight 5x'), '\tweight 5x\n\t       ^~');
  t.equal(formatExcerpt({ ...one, length: 50 }, '\tweight 5x'), '\tweight 5x\n\t       ^~');
  t.end();
});

const rows: readonly [text: string, word: string | undefined][] = [
  ['wieght', 'weight'],
  ['WEIGHT', 'weight'],
  ['weigth', 'weight'],
  ['wait', undefined],
  ['delay_lop', 'delay_loop'],
  ['delayloop', 'delay_loop'],
  ['', undefined],
  ['weight', undefined],
  ['x'.repeat(100_000), undefined],
];
for (const [text, word] of rows)
  t.test(`nearest to '${text.slice(0, 20)}'`, (t) => {
    t.equal(nearest(text, ['weight', 'delay_loop', 'delay_before_retry']), word);
    t.end();
  });
