import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { announceText } from '../../../src/cli/announce.js';
import { decodeRequest } from '../../../src/cli/control.js';
import { fleetText } from '../../../src/cli/fleet.js';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import type { DirectorReport } from '../../../src/fleet/report.js';

const parse = (...args: readonly string[]) => parseLvsctl(args, {}) as Readonly<Record<string, unknown>>;
const folder = t.testdir();
const file = join(folder, 'web.site.conf');
writeFileSync(file, 'text\n');

t.test('what is asked, and understood at the other end', (t) => {
  const rows: readonly (readonly [args: readonly string[], order: object])[] = [
    [['fleet'], { what: 'status' }],
    [['fleet', 'check', file], { what: 'check', name: 'web', only: null, text: 'text\n' }],
    [
      ['fleet', 'put', file, '--name', 'mail', '--only', 'd3', '--comment', 'why'],
      { what: 'put', name: 'mail', only: 'd3', text: 'text\n', comment: 'why' },
    ],
    [['fleet', 'get', 'web'], { what: 'get', name: 'web', only: null, revision: null }],
    [['fleet', 'rollback', 'web', '--revision', '7'], { what: 'rollback', name: 'web', revision: 7 }],
    [['fleet', 'promote', 'web', '--only', 'd3'], { what: 'promote', name: 'web', only: 'd3' }],
    [['fleet', 'remove', 'web'], { what: 'remove', name: 'web', only: null }],
  ];
  for (const [args, order] of rows) {
    const { request } = parse(...args);
    t.match(request, { do: 'fleet', order }, args.join(' '));
    t.same(decodeRequest(JSON.stringify(request)), request);
  }
  for (const [word, withdraw] of [
    ['status', null],
    ['off', true],
    ['on', false],
  ] as const) {
    const { request } = parse('announce', word);
    t.same(request, { do: 'announce', withdraw });
    t.same(decodeRequest(JSON.stringify(request)), request);
  }
  t.end();
});

const wrong: readonly (readonly [args: readonly string[], why: string])[] = [
  [['fleet', 'drop'], "fleet status|check|put|get|history|rollback|promote|remove, not 'drop'"],
  [['fleet', 'put'], 'fleet put FILE'],
  [['fleet', 'put', '/nowhere'], "ENOENT: no such file or directory, open '/nowhere'"],
  [['fleet', 'get', 'a/b'], "'a/b' is no name: letters, digits, points, - and _"],
  [['fleet', 'get', 'web', '--comment', 'x'], '--comment does not go with get'],
  [['fleet', 'get', 'web', '--revision', 'x'], "--revision is a number of 'fleet history', not 'x'"],
  [['fleet', 'rollback', 'web'], 'which one? --revision N'],
  [['fleet', 'promote', 'web'], 'whose? --only DIRECTOR'],
  [['fleet', 'status', 'x'], "'x' is too much"],
  [['announce', 'maybe'], 'announce [status|on|off]'],
];
for (const [args, why] of wrong)
  t.test(args.join(' '), (t) => {
    t.match(parse(...args), { wrong: why });
    t.end();
  });

const report: DirectorReport = {
  name: 'd1',
  run: 'x',
  software: '1.0.0',
  seen: 9,
  applied: { revision: 7, documents: 'abc', names: ['web'] },
  refused: ['fleet/web:1:1: \u001b[31mno'],
  services: 2,
  configured: 'c',
  maglev: { 'tcp 192.0.2.1:80': 'm' },
  servers: { up: 1, down: 1 },
  quorumLost: ['192.0.2.2 80'],
  refusedChanges: 0,
  announced: ['192.0.2.1/32'],
  withdrawn: false,
};

t.test('how it is told', (t) => {
  const documents = [{ name: 'web', only: 'd3', modRevision: 7, version: 2, bytes: 120 }];
  const text = fleetText({
    here: 'd1',
    prefix: '/lvsd',
    away: null,
    revision: 9,
    documents,
    directors: [report],
    differences: ['d1 refuses the newest documents: \u001b[31mno'],
  });
  t.notMatch(text, /\u001b/, 'what a stranger wrote does nothing to a terminal');
  t.equal(
    text.split('d1 refuses')[0],
    `/lvsd at revision 9, told by d1
documents:
  web for d3 only: revision 7, version 2, 120 bytes
d1, lvsd 1.0.0: 2 services, 1 of 2 servers up
  documents abc of revision 7 in force, newer ones refused
  without quorum: 192.0.2.2 80
  announces 192.0.2.1/32
  Maglev tcp 192.0.2.1:80: m
not as it should be:
  `,
  );
  t.equal(
    announceText({
      by: 'bird',
      table: 179,
      withdrawn: false,
      addresses: [
        { prefix: '192.0.2.1/32', announced: true, why: null },
        { prefix: '192.0.2.2/32', announced: false, why: 'no quorum' },
      ],
      trouble: null,
    }),
    'by BIRD, through routing table 179\n  192.0.2.1/32 announced\n  192.0.2.2/32 not announced: no quorum\n',
  );
  t.end();
});
