import t from 'tap';
import { readConfiguration } from '../../../src/config/read.js';
import { says } from './says.js';

const rule = (...lines: readonly string[]): string => ['fwmark_rule web {', ...lines, '}'].join('\n');

const refused: readonly [name: string, text: string, says: readonly string[]][] = [
  [
    'nothing in it',
    rule(),
    [
      "1:1: 'fwmark_rule' lacks 'fwmark', expected 'fwmark N'",
      "1:1: 'fwmark_rule' lacks 'vip', expected 'vip ADDRESS...'",
    ],
  ],
  [
    'no name',
    'fwmark_rule {\nfwmark 1\nvip 10.0.0.1\n}',
    ["1:1: 'fwmark_rule' lacks a value, expected a name of letters, digits and _ . : -"],
  ],
  [
    'a bad prefix',
    rule('fwmark 1', 'vip 10.0.0.0/33 10.0.0.1'),
    ["3:5: '10.0.0.0/33' is no value of vip, expected an address or ADDRESS/LENGTH"],
  ],
  [
    'a bad port',
    rule('fwmark 1', 'vip 10.0.0.1', 'port 80-70'),
    ["4:6: '80-70' is no value of port, expected a port or a range A-B from 1 to 65535"],
  ],
  [
    'a bad Ethernet address',
    rule('fwmark 1', 'vip 10.0.0.1', 'not_from_mac 02:00'),
    ["4:14: '02:00' is no value of not_from_mac, expected an Ethernet address such as 02:00:00:00:00:01"],
  ],
  [
    'twice',
    `${rule('fwmark 1', 'vip 10.0.0.1')}\n${rule('fwmark 2', 'vip 10.0.0.2')}`,
    ["5:1: fwmark_rule 'web' is there already, in line 1, expected another name"],
  ],
];

for (const [name, text, expected] of refused)
  t.test(`complains: ${name}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

t.test('a rule; words that come again add to it', (t) => {
  const text = rule(
    ...['fwmark 4294967295', 'vip 10.0.0.1 2001:db8::/64', 'vip 10.0.1.0/24', 'protocol tcp UDP', 'port 80 8000-8080'],
    ...['not_from_mac 02-00-00-00-00-0A', 'not_from_mac 02:00:00:00:00:0b', 'interface eth0'],
  );
  t.strictSame(readConfiguration({ file: 'f', text }).configuration?.fwmarkRules, [
    {
      position: { file: 'f', line: 1, column: 1 },
      name: 'web',
      mark: 4294967295,
      vips: ['10.0.0.1', '2001:db8::/64', '10.0.1.0/24'],
      protocols: ['tcp', 'udp'],
      ports: [
        { from: 80, to: 80 },
        { from: 8000, to: 8080 },
      ],
      notFrom: ['02:00:00:00:00:0a', '02:00:00:00:00:0b'],
      interfaces: ['eth0'],
    },
  ]);
  t.end();
});
