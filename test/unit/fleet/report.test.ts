import fc from 'fast-check';
import t from 'tap';
import { differences, type DirectorReport, readReport } from '../../../src/fleet/report.js';

const report = (name: string, more: Partial<DirectorReport> = {}): DirectorReport => ({
  name,
  run: `run of ${name}`,
  software: '1.0.0',
  seen: 7,
  applied: { revision: 5, documents: 'abc', names: ['web'] },
  refused: [],
  services: 1,
  configured: 'c',
  maglev: { 'tcp 192.0.2.1:80': 'm' },
  servers: { up: 2, down: 0 },
  quorumLost: [],
  refusedChanges: 0,
  announced: ['192.0.2.1/32'],
  withdrawn: false,
  ...more,
});
const abc = (): string => 'abc';

t.test('a report is read as it was written', (t) => {
  t.same(readReport(JSON.stringify(report('d1'))), report('d1'));
  t.same(
    readReport(JSON.stringify(report('d1', { applied: null, announced: null }))),
    report('d1', { applied: null, announced: null }),
  );
  t.match(
    readReport('{"name":"d1","run":"x"}'),
    { name: 'd1', software: '?', applied: null, refused: [] },
    'what another release does not say is empty',
  );
  for (const text of ['', 'null', '[]', '{"name":1,"run":"x"}', '{"name":"d1"'])
    t.equal(readReport(text), undefined, text);
  fc.assert(fc.property(fc.jsonValue(), (value) => void readReport(JSON.stringify(value))));
  t.end();
});

const rows: readonly (readonly [name: string, reports: readonly DirectorReport[], expected: readonly string[]])[] = [
  ['all alike', [report('d1'), report('d2')], []],
  ['one refuses', [report('d1'), report('d2', { refused: ['why'] })], ['d2 refuses the newest documents: why']],
  [
    'one is behind',
    [report('d1'), report('d2', { applied: { revision: 4, documents: 'old', names: [] } })],
    ['d2 has not applied the newest documents yet'],
  ],
  ['one has none', [report('d1', { applied: null })], ['d1 has not applied the newest documents yet']],
  [
    'another Maglev table',
    [report('d1'), report('d2', { maglev: { 'tcp 192.0.2.1:80': 'n' } }), report('d3')],
    ['d1, d2, d3 differ in the Maglev table of tcp 192.0.2.1:80: m (d1, d3), n (d2)'],
  ],
  ['a table that is not computed yet', [report('d1'), report('d2', { maglev: {} })], []],
  [
    'the same documents, something else made of them',
    [report('d1'), report('d2', { configured: 'd' })],
    ['d1, d2 differ in what they make of the same documents: c (d1), d (d2)'],
  ],
  [
    'another release',
    [report('d1'), report('d2', { software: '2.0.0' })],
    ['d1, d2 differ in the release of lvsd: 1.0.0 (d1), 2.0.0 (d2)'],
  ],
  ['withdrawn', [report('d1', { withdrawn: true })], ['d1 announces nothing: an operator withdrew everything']],
  ['refused changes', [report('d1', { refusedChanges: 2 })], ['d1: 2 changes were refused by what forwards there']],
];
for (const [name, reports, expected] of rows)
  t.test(name, (t) => {
    t.same(differences(reports, abc), expected);
    t.end();
  });
