import t from 'tap';
import { configurationOf } from '../../helpers/configuration.js';
import { says } from './says.js';

const announce = (...lines: readonly string[]): string => ['announce {', ...lines, '}', ''].join('\n');
const EITHER = "1:1: 'announce' is for one routing daemon, expected either 'bird' or 'frr'";

const complaints: readonly (readonly [name: string, text: string, says: readonly string[]])[] = [
  ['nobody', announce(), [EITHER]],
  ['both', announce('bird', 'frr'), [EITHER]],
  ['no block', 'announce\n', ["1:9: 'announce' without its block, expected '{'"]],
  ['a wrong word', announce('brid'), ["2:1: 'brid' is no keyword of announce; did you mean 'bird'?"]],
  [
    'the table of local addresses',
    announce('bird', 'table 255'),
    [
      "3:7: '255' is no value of table, expected the number of a routing table, or 'main'; not that of the machine's own addresses (255)",
    ],
  ],
  [
    'a prefix that is none',
    announce('bird', 'only 192.0.2.0/33'),
    ["3:6: '192.0.2.0/33' is no value of only, expected an address, or a prefix such as 192.0.2.0/24"],
  ],
  [
    'a condition that is none',
    announce('frr', 'when alive'),
    ["3:6: 'alive' is no value of when, expected quorum, serving or configured"],
  ],
  [
    'too long',
    announce('frr', 'withdraw_wait 601'),
    ["3:15: '601' is no value of withdraw_wait, expected seconds from 0 to 600"],
  ],
  ['twice', announce('bird') + announce('bird'), ["4:1: 'announce' is given twice, first in line 1, expected it once"]],
];
for (const [name, text, expected] of complaints)
  t.test(name, (t) => {
    t.same(says(text), expected);
    t.end();
  });

t.test('what is meant where nothing is said', (t) => {
  const usual = { only: [], when: 'quorum', needs: 'any', withdrawWaitSeconds: 3 };
  t.same(configurationOf(announce('bird')).announce, { by: 'bird', table: 179, ...usual });
  t.same(configurationOf(announce('frr')).announce, { by: 'frr', table: 254, ...usual });
  t.equal(configurationOf('').announce, undefined);
  t.end();
});

t.test('what is said', (t) => {
  const text = announce(
    'bird',
    'table 77',
    'only 192.0.2.0/24',
    'only 2001:db8::1',
    'when serving',
    'needs all',
    'withdraw_wait 0',
  );
  const { only, ...rest } = configurationOf(text).announce!;
  t.same(rest, { by: 'bird', table: 77, when: 'serving', needs: 'all', withdrawWaitSeconds: 0 });
  t.same(
    only.map(({ bytes, length }) => [bytes.length, length]),
    [
      [4, 24],
      [16, 128],
    ],
  );
  t.end();
});
